"""`python -m proof.alerting`: the alerts beside a real service, in some minutes; the table goes to docs/reliability.md."""

import argparse
import asyncio
import sys
from pathlib import Path

from proof.alerting.page import line, write_page
from proof.alerting.play import Alerted, play
from proof.alerting.troubles import TROUBLES

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def main() -> None:
    """Exit status 0 only where each trouble sent its alerts and no others."""
    parser = argparse.ArgumentParser(prog="python -m proof.alerting")
    parser.add_argument("--page", type=Path, default=_PAGE, help="where the table is written, between its markers")
    arguments = parser.parse_args()
    played = asyncio.run(_all())
    write_page(arguments.page, played)
    sys.exit(not all(result.right for result in played))


async def _all() -> list[Alerted]:
    results: list[Alerted] = []
    async for result in play(TROUBLES, say=print):
        print(line(result), flush=True)  # noqa: T201  for the person who waits
        results.append(result)
    return results


if __name__ == "__main__":
    main()
