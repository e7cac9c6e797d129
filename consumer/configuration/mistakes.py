"""A mistake in the configuration, as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consumer.errors import Stop


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. `place` is the key's path (`rules.2.when`); `line` counts from 1, 0 where no line can be named."""

    file: str
    line: int
    place: str
    wrong: str
    right: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"`{self.place}` " if self.place else ""
        return printable(f"{where}: {subject}{self.wrong}. {self.right}")


class Misconfigured(Stop):
    """The configuration holds mistakes; all that were found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def printable(text: str) -> str:
    """What may hold anything, such as keys, values and ids, in one line that does not control a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode-escape").decode() for c in text)


def shown(path: Path) -> str:
    """A file's name as people write it: relative to where they stand, if it is below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
