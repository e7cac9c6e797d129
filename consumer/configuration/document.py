"""A YAML file whose every value knows the line that it stands in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from consumer.configuration.mistakes import Misconfigured, Mistake, shown

Place = tuple[str | int, ...]


class Document:
    """The file's data, and where each part of it stands."""

    def __init__(self, file: str, data: dict[str, Any], lines: dict[Place, int]) -> None:
        self.file = file
        self.data = data
        self._lines = lines

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Reads a file that must hold one mapping. Raises `Misconfigured`: cannot be read, not YAML, no mapping, a key given twice."""
        file = shown(path)
        node = _composed(path, file)
        if not isinstance(node, yaml.MappingNode):
            right = "Begin with a key at the left margin, such as `id: north-high`."
            raise Misconfigured([Mistake(file, 1, "", "The file holds no keys", right)])
        lines: dict[Place, int] = {}
        try:
            repeated = list(_index(node, (), lines, file))
        except RecursionError as error:
            wrong = "A value holds itself, by an alias (`*name`)"
            raise Misconfigured([Mistake(file, 0, "", wrong, "Write the value out.")]) from error
        if repeated:
            raise Misconfigured(repeated)
        constructor = yaml.SafeLoader("")
        try:
            data: Any = constructor.construct_document(node)  # pyright: ignore[reportUnknownMemberType]  its stub says so little
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            wrong = f"A value cannot be read: {error.problem or 'unknown form'}"
            raise Misconfigured([Mistake(file, line, "", wrong, "Put the value in quotes.")]) from error
        except ValueError as error:  # such as the date 2026-13-45
            wrong = f"A value looks like a date or number and is none: {error}"
            raise Misconfigured([Mistake(file, 0, "", wrong, "Put the value in quotes.")]) from error
        finally:
            constructor.dispose()
        return cls(file, data, lines)

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a place, or of the nearest thing around it that the file has."""
        parts = tuple(place)
        while parts and parts not in self._lines:
            parts = parts[:-1]
        return self._lines.get(parts, 1)


def _composed(path: Path, file: str) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError as error:
        raise Misconfigured(
            [Mistake(file, 0, "", "There is no such file", "Give the path of one that exists.")]
        ) from error
    except OSError as error:
        wrong = f"The file cannot be read ({error.strerror or type(error).__name__})"
        raise Misconfigured([Mistake(file, 0, "", wrong, "Make it a file that this process may read.")]) from error
    except UnicodeDecodeError as error:
        raise Misconfigured([Mistake(file, 0, "", "The file is not UTF-8", "Save it as UTF-8.")]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        wrong = f"This is not YAML: {error.problem or 'it cannot be read'}"
        right = "Check the indentation, colons and quotes here."
        raise Misconfigured([Mistake(file, line, "", wrong, right)]) from error
    except (yaml.YAMLError, RecursionError) as error:
        wrong = "This is not YAML: it holds control characters, or is nested too deeply"
        raise Misconfigured([Mistake(file, 0, "", wrong, "Write the file anew.")]) from error


def _index(node: yaml.Node, place: Place, lines: dict[Place, int], file: str) -> Sequence[Mistake]:
    """Fills `lines`; returns the keys that are given more than once, of which YAML would silently keep the last."""
    lines.setdefault(place, node.start_mark.line + 1)
    mistakes: list[Mistake] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                wrong = f"is given twice, first in line {lines[inner]}"
                mistakes.append(Mistake(file, key.start_mark.line + 1, dotted(inner), wrong, "Keep one of the two."))
            lines[inner] = key.start_mark.line + 1
            mistakes.extend(_index(value, inner, lines, file))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            mistakes.extend(_index(value, (*place, number), lines, file))
    return mistakes


def dotted(place: Sequence[str | int]) -> str:
    """A place as people read it: list items count from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
