"""docs/logs.md, as the catalogue says it. `python -m tests.observe.log_page` writes the page."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from consumer.observe.log_lines import ALWAYS, FIELDS, LINES, OF_STUDENT, Line

PAGE = Path(__file__).parents[2] / "docs/logs.md"

_OPENING = """\
# Logs

Written by `python -m tests.observe.log_page` from `consumer/observe/log_lines.py`.

Each line on standard error is one JSON object, or is laid out for people with `log.format: console`
([configuration.md](configuration.md)). What a line may hold is listed here; nothing else passes, and no line holds a name, an address, a
password or the text of a library's exception. A change of a name or of a field's meaning is a new version of the schema, and is in
[CHANGELOG.md](../CHANGELOG.md).

- **One student:** all lines have the same `student_id`, and those of one event the same `event_id` and, where the SIS sends a
  `traceparent`, the same `trace_id`. `provisioner student show north-high S000123` has the whole story.
- **A change is logged, not a state.** A line marked *repeats* is logged when it first applies and then once a minute, with `repeated`: how
  often it was left out.
- **The level** is `log.level`. The signal `SIGUSR1` changes it to `debug` while the process runs, and the next one changes it back.

## Fields of every line
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_OPENING, *_fields(ALWAYS), "", *_lines(), "## Fields\n", *_fields(FIELDS), ""])


def _lines() -> Iterator[str]:
    for title, section in LINES.items():
        yield f"## {title}\n"
        yield "| event | level | meaning | fields |"
        yield "|---|---|---|---|"
        yield from (_row(name, line) for name, line in section.items())
        yield ""
    yield f"*the student*: {_listed(OF_STUDENT)}.\n"


def _row(name: str, line: Line) -> str:
    fields = line.fields
    of_student = set(OF_STUDENT) <= set(fields)
    listed = ["*the student*"] if of_student else []
    listed += [f"`{field}`" for field in fields if not (of_student and field in OF_STUDENT)]
    repeats = " *Repeats.*" if line.repeats else ""
    return f"| `{name}` | {line.level} | {line.says}{repeats} | {', '.join(listed)} |"


def _fields(fields: Mapping[str, str]) -> Iterator[str]:
    yield "| field | what it holds |"
    yield "|---|---|"
    yield from (f"| `{name}` | {says} |" for name, says in sorted(fields.items()))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
