"""What a run found: as a table for people at a terminal, and as one for the page."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from proof.chaos.result import Result, Verdict
from testbed import marked

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.INVALID: "yellow", Verdict.NOT_RUN: "dim"}
_HEADINGS = ("#", "fault", "expected", "fired", "effects", "violations", "heal", "window", "seed", "verdict")
_BEGIN, _END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


def table(results: Sequence[Result]) -> Table:
    """Row by row."""
    shown = Table(title="chaos: what was done to the service, and what became of it")
    for heading in _HEADINGS:
        shown.add_column(heading, overflow="fold")
    for result in results:
        *cells, verdict = _cells(result)
        shown.add_row(*cells, Text(verdict, style=_STYLES[result.verdict]))
    return shown


def write_page(page: Path, results: Sequence[Result]) -> None:
    """Puts the results between the page's two markers; what it says of rows that were not played now stays."""
    text = page.read_text(encoding="utf-8")
    lines = _known(marked.between(text, _BEGIN, _END)) | {str(result.row.number): _line(result) for result in results}
    head = ["| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
    body = [lines[number] for number in sorted(lines, key=int)]
    block = "".join(f"{line}\n" for line in (*head, *body))
    page.write_text(marked.put(text, block, _BEGIN, _END), encoding="utf-8")


def _known(old: str) -> dict[str, str]:
    lines = [line for line in old.splitlines() if line.startswith("| ")]
    numbered = {line.split("|")[1].strip(): line for line in lines}
    return {number: line for number, line in numbered.items() if number.isdecimal()}


def _line(result: Result) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(result)) + " |"


def _cells(result: Result) -> Sequence[str]:
    row = result.row
    about = (str(row.number), row.title, row.expected)
    if row.not_run:
        return (*about, *[""] * (len(_HEADINGS) - len(about) - 1), f"not run: {row.not_run}")
    fired = ", ".join(f"{count} × {fault}" for fault, count in sorted(result.fired.items()))
    heal = "never" if result.heal is None else f"{result.heal:.0f} s"
    window = f"{result.window:.0f} s"
    verdict = result.verdict if not result.invalid else f"{result.verdict} ({'; '.join(result.invalid)})"
    return (*about, fired, str(result.effects), str(len(result.violations)), heal, window, str(result.seed), verdict)
