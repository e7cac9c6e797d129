"""The table of docs/reliability.md: which alert came, after how long, and what else."""

from collections.abc import Sequence
from pathlib import Path

from proof.alerting.play import Alerted

_BEGIN, _END = "<!-- alerts: begin -->", "<!-- alerts: end -->"
_HEAD = ("| trouble | alert, and seconds until it came | may follow | other alerts |", "|---|---|---|---|")


def write_page(page: Path, results: Sequence[Alerted]) -> None:
    """Puts the results between the page's two markers."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    lines = [*_HEAD, *(line(result) for result in results)]
    page.write_text("\n".join([f"{before}{_BEGIN}", *lines, f"{_END}{after}"]), encoding="utf-8")


def line(result: Alerted) -> str:
    """A row of it."""
    came = [f"`{name}` {seconds:.0f} s" for name, seconds in sorted(result.after.items())]
    came += [f"`{name}` did not come" for name in sorted(result.missing)]
    also = ", ".join(f"`{name}`" for name in sorted(result.trouble.also))
    others = ", ".join(f"`{name}`" for name in sorted(result.others))
    return f"| {result.trouble.title} | {', '.join(came) or 'none, as it should be'} | {also} | {others or 'none'} |"
