"""`python -m proof.chaos`: plays rows of the fault matrix in their long form, and prints what was found. See `make chaos`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from proof.chaos.result import Result, Verdict
from proof.chaos.row import Row
from proof.chaos.rows import BOOK
from proof.chaos.runner import Scale, play
from proof.chaos.stage import Stage
from proof.chaos.table import table, write_page

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_MOST_SHOWN = 10

out = Console(width=200 if not sys.stdout.isatty() else None)


def main() -> None:
    """Exit status 0 only where no row failed or was invalid."""
    parser = argparse.ArgumentParser(prog="python -m proof.chaos")
    parser.add_argument("--rows", default="", help="numbers, ranges and sections, such as 1,5-9,kafka; all by default")
    parser.add_argument("--minutes", type=float, default=1 / 3, help="how long faults last that last for some time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", type=Path, default=_PAGE, help="where the results are written, between its markers")
    arguments = parser.parse_args()
    rows = BOOK.chosen(arguments.rows)
    scale = Scale(arguments.minutes * 60, full=True)
    results = asyncio.run(_play(rows, seed=arguments.seed, scale=scale, page=arguments.page))
    out.print(table(results))
    sys.exit(any(result.verdict in {Verdict.FAILED, Verdict.INVALID} for result in results))


async def _play(rows: Sequence[Row], *, seed: int, scale: Scale, page: Path) -> Sequence[Result]:
    """Each result is on the page at once: a run over all rows takes an hour, and may be broken off."""
    results: list[Result] = []
    async with Stage(say=out.print) as stage:
        for row in rows:
            out.print(f"[bold]{row.number}[/bold] {row.title} …")
            result = await play(stage, row, seed=seed, scale=scale)
            out.print(f"  {result.verdict}: {dict(result.fired)}")
            for violation in [*result.violations, *result.invalid][:_MOST_SHOWN]:
                out.print(f"  {violation}", markup=False, highlight=False)
            write_page(page, [result])
            results.append(result)
    return results


if __name__ == "__main__":
    main()
