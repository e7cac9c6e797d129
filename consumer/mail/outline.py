"""A template as a text of the same lines in which each value stands as a mark, so that its markup can be read where it is written."""

from collections.abc import Collection, Mapping

from jinja2 import Environment

_BEGIN, _END = "\ue000", "\ue001"  # private use: in no text that people write


def outline(env: Environment, source: str, names: Collection[str]) -> tuple[str, Mapping[str, str]]:
    """The text, and which mark stands for which of `names`. An expression stands as the marks of all names in it; statements as nothing.

    Raises `TemplateSyntaxError` where `source` is no template.
    """
    parts: list[str] = []
    line, inside = 1, False
    for number, kind, value in env.lex(source):
        if number > line:
            parts.append("\n" * (number - line))
            line = number
        match kind:
            case "variable_begin" | "variable_end":
                inside = kind == "variable_begin"
            case "data":
                parts.append(value)
                line += value.count("\n")
            case "name" if inside:
                parts.append(mark(value))
            case _:
                pass
    return "".join(parts), {mark(name): name for name in names}


def mark(name: str) -> str:
    """What stands for a value."""
    return f"{_BEGIN}{name}{_END}"
