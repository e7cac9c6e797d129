"""A YAML file whose every value knows where it comes from: a line, or a variable of the environment that overrides it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.composer import Composer

from consumer.configuration.mistakes import Misconfigured, Mistake, shown

Place = tuple[str | int, ...]

LARGEST_FILE = 512 * 1024
"""Bytes. A thousand rules take a fifth of it; YAML of this size takes seconds to read."""
MOST_VALUES = 50_000
"""Keys and values in one file, those that aliases repeat counted as often as they stand there: nine lines of aliases can make a billion."""

_UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)
"""What PyYAML raises, besides its own errors, for values that are not what their form or tag says: `2026-13-45`, `!!bool x`."""


class Document:
    """The data of a file with what the environment lays over it, and where each part of it stands.

    `mistakes` are keys that are given twice; the last of them counts, as anywhere in YAML.
    """

    def __init__(
        self, file: str, data: dict[str, Any], lines: dict[Place, int], mistakes: Sequence[Mistake] = ()
    ) -> None:
        self.file = file
        self.data = data
        self.mistakes = tuple(mistakes)
        self._lines = lines
        self._variables: dict[Place, str] = {}

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Reads a file that must hold one mapping. Raises `Misconfigured`: cannot be read, not YAML, too large, no mapping."""
        file = shown(path)
        text = _text(path, file)
        node = _composed(text, file)
        if not isinstance(node, yaml.MappingNode):
            right = "Begin with a key at the left margin, such as `id: north-high`."
            raise Misconfigured([Mistake(file, 1, "", "The file has no keys", right)])
        index = _Index(file)
        index.fill(node)
        data: dict[str, Any] = _constructed(node, file)
        return cls(file, data, index.lines, index.mistakes)

    def override(self, place: Place, value: object, *, variable: str) -> None:
        """Sets a value by a variable of the environment. Raises TypeError where a plain value or a list stands in the way."""
        inner = self.data
        for part in place[:-1]:
            if inner.get(cast("str", part)) is None:
                inner[cast("str", part)] = {}
            below: object = inner[cast("str", part)]
            if not isinstance(below, dict):
                raise TypeError(part)
            inner = cast("dict[str, Any]", below)
        inner[cast("str", place[-1])] = value
        self._variables[place] = variable

    def read_as(self, place: Place, other: Place) -> None:
        """The value at `place` is read as if it were at `other`; mistakes in it are reported at `place`."""
        for known in (self._lines, self._variables):
            moved = {one: what for one, what in known.items() if one[: len(place)] == place}
            known.update({(*other, *one[len(place) :]): cast("Any", what) for one, what in moved.items()})

    def is_override(self, place: Place) -> bool:
        """Whether a variable of the environment sets it, or something around it."""
        return self._variable(place) is not None

    def _variable(self, place: Place) -> str | None:
        around = (self._variables[parts] for parts in _outwards(place) if parts in self._variables)
        inside = (
            name for one, name in self._variables.items() if place not in self._lines and one[: len(place)] == place
        )
        return next(around, None) or next(inside, None)

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a place, or of the nearest thing around it that the file has."""
        return next((self._lines[parts] for parts in _outwards(place) if parts in self._lines), 1)

    def mistake(self, place: Place, wrong: str, right: str) -> Mistake:
        """A mistake at a place: of the variable that set it or what is around it (or all of it), else of the line."""
        if variable := self._variable(place):
            return Mistake(variable, 0, dotted(place), wrong, right)
        return Mistake(self.file, self.line(place), dotted(place), wrong, right)


def parse_value(text: str) -> object:
    """A single YAML value. Raises ValueError if it is invalid or too large."""
    try:
        node = _composed(text, "")
        if node is None:
            return None
        index = _Index("")
        index.fill(node)
        if index.mistakes:
            raise ValueError(index.mistakes[0].wrong)
        return _constructed(node, "")
    except Misconfigured as error:
        raise ValueError(error.mistakes[0].wrong) from error


def dotted(place: Sequence[str | int]) -> str:
    """A place as people read it: list items count from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def _outwards(place: Sequence[str | int]) -> Iterator[Place]:
    parts = tuple(place)
    for length in range(len(parts), -1, -1):
        yield parts[:length]


def _text(path: Path, file: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise Misconfigured(
                [Mistake(file, 0, "", "The file cannot be read: it is not a file", "Give the path of a file.")]
            )
        if path.exists() and path.stat().st_size > LARGEST_FILE:
            wrong = f"The file is larger than {LARGEST_FILE // 1024} kB"
            raise Misconfigured([Mistake(file, 0, "", wrong, "Write it more simply.")])
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Misconfigured([Mistake(file, 0, "", "There is no such file", _other(path))]) from error
    except OSError as error:
        wrong = f"The file cannot be read ({error.strerror or type(error).__name__})"
        raise Misconfigured([Mistake(file, 0, "", wrong, "Make it a file that this process may read.")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Misconfigured([Mistake(file, line, "", "The file is not UTF-8", "Save it as UTF-8.")]) from error


def _other(path: Path) -> str:
    other = path.with_suffix({".yaml": ".yml", ".yml": ".yaml"}.get(path.suffix, path.suffix))
    return f"There is `{shown(other)}`: give that one." if other.is_file() else "Give the path of one that exists."


class _FastLoader(Composer, yaml.CSafeLoader):
    """libyaml's parser under PyYAML's composer: several times faster. libyaml's own composer recurses in C, and can overflow the stack."""

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def _composed(text: str, file: str) -> yaml.Node | None:
    try:
        try:
            return yaml.compose(text, Loader=_FastLoader)
        except yaml.YAMLError:
            return yaml.compose(text, Loader=yaml.SafeLoader)  # its messages say more
    except yaml.MarkedYAMLError as error:
        wrong = f"This is not YAML: {error.problem or 'it cannot be read'}"
        right = "Check the indentation, colons and quotes here."
        raise Misconfigured([Mistake(file, _line(error), "", wrong, right)]) from error
    except (yaml.YAMLError, *_UNREADABLE) as error:
        wrong = "This is not YAML: it holds control characters, or is nested too deeply"
        raise Misconfigured([Mistake(file, 0, "", wrong, "Write the file again.")]) from error


def _constructed(node: yaml.Node, file: str) -> Any:  # noqa: ANN401  whatever YAML says
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_document(node)  # pyright: ignore[reportUnknownMemberType]  its stub says so little
    except yaml.MarkedYAMLError as error:
        wrong = f"A value cannot be read: {error.problem or 'unknown form'}"
        raise Misconfigured([Mistake(file, _line(error), "", wrong, "Put the value in quotes.")]) from error
    except _UNREADABLE as error:
        wrong = f"A value looks like a date or number but is not one: {str(error)[:100]}"
        raise Misconfigured([Mistake(file, 0, "", wrong, "Put the value in quotes.")]) from error
    finally:
        constructor.dispose()


def _line(error: yaml.MarkedYAMLError) -> int:
    return error.problem_mark.line + 1 if error.problem_mark else 0


class _Index:
    """Where everything in a YAML tree stands, and the keys that are given more than once."""

    def __init__(self, file: str) -> None:
        self.lines: dict[Place, int] = {}
        self.mistakes: list[Mistake] = []
        self._file = file
        self._values = 0

    def fill(self, node: yaml.Node) -> None:
        """Raises `Misconfigured` where aliases make the tree endless, or larger than `MOST_VALUES`."""
        try:
            self._add(node, ())
        except RecursionError as error:
            wrong = "A value contains itself through an alias (`*name`), or is nested too deeply"
            raise Misconfigured([Mistake(self._file, 0, "", wrong, "Write the value out.")]) from error

    def _add(self, node: yaml.Node, place: Place) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            wrong = f"The file has more than {MOST_VALUES} values, counting what aliases (`*name`) repeat"
            right = "Write the values out, or fewer."
            raise Misconfigured([Mistake(self._file, self.lines.get(place[:1], 1), "", wrong, right)])
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, value in node.value:
                self._key(key, place, first)
                self._add(value, (*place, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._add(value, (*place, number))

    def _key(self, key: yaml.Node, place: Place, first: dict[str, int]) -> None:
        name, line = str(key.value), key.start_mark.line + 1
        if name in first:
            wrong = f"is given twice, first in line {first[name]}"
            self.mistakes.append(Mistake(self._file, line, dotted((*place, name)), wrong, "Keep one of the two."))
        first.setdefault(name, line)
        self.lines[*place, name] = line
