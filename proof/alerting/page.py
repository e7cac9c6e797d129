"""The table of docs/reliability.md: which alert came, after how long, and what else."""

from collections.abc import Sequence
from pathlib import Path

from proof.alerting.play import Alerted
from testbed import marked

_BEGIN, _END = "<!-- alerts: begin -->", "<!-- alerts: end -->"
_HEAD = ("| trouble | alert, and seconds until it came | may follow | other alerts |", "|---|---|---|---|")


def write_page(page: Path, results: Sequence[Alerted]) -> None:
    """Puts the results between the page's two markers."""
    block = "".join(f"{row}\n" for row in (*_HEAD, *(line(result) for result in results)))
    page.write_text(marked.put(page.read_text(encoding="utf-8"), block, _BEGIN, _END), encoding="utf-8")


def line(result: Alerted) -> str:
    """A row of it."""
    came = [f"`{name}` {seconds:.0f} s" for name, seconds in sorted(result.after.items())]
    came += [f"`{name}` did not come" for name in sorted(result.missing)]
    also = ", ".join(f"`{name}`" for name in sorted(result.trouble.also))
    others = ", ".join(f"`{name}`" for name in sorted(result.others))
    return f"| {result.trouble.title} | {', '.join(came) or 'none expected'} | {also} | {others or 'none'} |"
