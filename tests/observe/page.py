"""docs/metrics.md, as the catalogue says it. `python -m tests.observe.page` writes the page."""

from collections.abc import Iterator
from pathlib import Path

from consumer.observe.catalogue import SECTIONS, entries
from consumer.observe.entries import BucketsEntry, Entry, Label, Unit

PAGE = Path(__file__).parents[2] / "docs/metrics.md"

_OPENING = """\
# Metrics

Written by `python -m tests.observe.page` from `consumer/observe/catalogue.py`. Each replica serves its own on `/metrics`, in the text
format of Prometheus (`http` in [configuration.md](configuration.md)). Names and labels are an interface: a change is in
[CHANGELOG.md](../CHANGELOG.md). No label holds personal data, and every label has a bounded set of values: [labels](#labels).

Counters end in `_total`; a histogram has `_bucket`, `_sum` and `_count`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_OPENING, *_sections(), *_labels()])


def _sections() -> Iterator[str]:
    for title, section in SECTIONS.items():
        yield f"## {title}\n"
        yield "| metric | type | unit | labels | meaning | what it is for |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(entry) for entry in section)
        yield ""


def _row(entry: Entry) -> str:
    labels = ", ".join(f"`{label.name}`" for label in entry.labels)
    unit = "Unix time in seconds" if entry.unit is Unit.TIMESTAMP else entry.unit
    kind = entry.kind if not isinstance(entry, BucketsEntry) else f"histogram to {entry.buckets[-1]:g}"
    return f"| `{entry.exposed_name}` | {kind} | {unit} | {labels} | {_cell(entry.help)} | {_cell(entry.purpose)} |"


def _labels() -> Iterator[str]:
    yield "## Labels\n"
    yield "| label | of | values |"
    yield "|---|---|---|"
    of: dict[Label, list[str]] = {}
    for entry in entries():
        for label in entry.labels:
            of.setdefault(label, []).append(entry.exposed_name)
    for label, names in sorted(of.items(), key=lambda one: one[0].name):
        values = ", ".join(f"`{value}`" if value else "empty" for value in label.values) or label.source
        yield f"| `{label.name}` | {'<br>'.join(f'`{name}`' for name in names)} | {_cell(values)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
