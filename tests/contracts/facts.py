"""The table of documented facts: read from `facts.toml`, written into docs/vendors.md by `python -m tests.contracts.facts`."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from testbed import marked

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/vendors.md"
BEGIN = "<!-- facts: written by `python -m tests.contracts.facts` -->"
END = "<!-- /facts -->"


@dataclass(frozen=True, slots=True)
class Fact:
    """`at` is `file:symbol`, `by` is `file::test`. `why` it is kept partly, or not."""

    id: str
    text: str
    at: str
    by: str
    state: str = "honoured"
    why: str = ""

    @property
    def source(self) -> tuple[Path, str]:
        """The file, and the name that must be defined in it."""
        file, _, symbol = self.at.partition(":")
        return ROOT / file, symbol


@dataclass(frozen=True, slots=True)
class Section:
    """Facts about one thing."""

    title: str
    facts: Sequence[Fact]


def read() -> Sequence[Section]:
    """Every fact, numbered within its section."""
    document = tomllib.loads((Path(__file__).parent / "facts.toml").read_text("utf-8"))
    return [
        Section(
            section["title"],
            [_fact(f"{section['id']}.{number}", row) for number, row in enumerate(section["facts"], 1)],
        )
        for section in cast("list[dict[str, Any]]", document["section"])
    ]


def facts() -> Sequence[Fact]:
    """The facts of all sections."""
    return [fact for section in read() for fact in section.facts]


def defines(file: Path, symbol: str) -> bool:
    """Whether the module defines it, as a class, a function or a constant."""
    pattern = rf"^(class|def|async def) {re.escape(symbol)}\b|^{re.escape(symbol)}\b.*="
    return file.is_file() and bool(re.search(pattern, file.read_text("utf-8"), re.MULTILINE))


def page(text: str) -> str:
    """docs/vendors.md with the table as it should be."""
    return marked.put(text, "".join(f"{line}\n" for line in _lines()), BEGIN, END)


def _fact(ident: str, row: Mapping[str, str]) -> Fact:
    state = next((state for state in ("partly", "no") if state in row), "honoured")
    return Fact(ident, row["fact"], row["at"], row["by"], state, row.get(state, ""))


def _lines() -> Iterator[str]:
    counted = Counter(fact.state for fact in facts())
    total = sum(counted.values())
    yield ""
    yield f"{counted['honoured']} of {total} are honoured, {counted['partly']} partly, {counted['no']} not."
    for section in read():
        yield ""
        yield f"#### {section.title}"
        yield ""
        yield "| | fact | kept | where | proven by |"
        yield "|---|---|---|---|---|"
        for fact in section.facts:
            kept = {"honoured": "yes", "partly": f"partly: {fact.why}", "no": f"no: {fact.why}"}[fact.state]
            file, _, symbol = fact.at.partition(":")
            test = fact.by.replace("::", "`<br>`")
            yield f"| {fact.id} | {fact.text} | {kept} | `{file}`<br>`{symbol}` | `{test}` |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
