"""Measures in turn, and prints the table."""

import argparse
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from bench import (
    accounts,
    acts,
    calls,
    commits,
    growth,
    neighbours,
    outside,
    reconciliation,
    refusals,
    relay,
    report,
    schools,
    skips,
    start,
)
from bench.contestants import lookers
from bench.parts import Parts, parts, say
from bench.row import Row
from bench.scale import FULL, QUICK, Scale
from bench.year import measurement as year

_OTHERS: Mapping[str, Callable[[Parts, Scale], Sequence[Row]]] = {
    "acts": acts.measure,
    "accounts": accounts.measure,
    "relay": relay.measure,
    "start": start.measure,
    "refusals": refusals.measure,
    "schools": schools.measure,
    "outside": outside.measure,
    "neighbours": neighbours.measure,
    "commits": commits.measure,
    "reconciliation": reconciliation.measure,
    "growth": growth.measure,
}
_YEAR = "year"
"""A model: it needs no broker and no database."""
_LONG = {"growth", _YEAR}
"""Take hours and minutes: only where they are asked for."""
_ALL = ("skips", *(name for name in _OTHERS if name not in _LONG))
_WIDTH = 140


def main() -> None:
    """`make bench`."""
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--quick", action="store_true", help="a tenth of the counts: half a minute, less exact")
    arguments.add_argument("--peers", action="store_true", help="run the alternatives too")
    arguments.add_argument(
        "--only", choices=(*_ALL, *sorted(_LONG)), nargs="+", default=_ALL, help="these measurements"
    )
    arguments.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the page's markers")
    given = arguments.parse_args()
    scale = QUICK if given.quick else FULL
    rows: list[Row] = []
    if {*given.only} - {_YEAR}:
        with parts() as on:
            rows += _measured(on, scale, given.only, peers=given.peers)
    if _YEAR in given.only:
        rows += year.measure(scale)
    report.show(rows, Console(width=None if sys.stdout.isatty() else _WIDTH))
    if given.write:
        report.write(given.write, rows)
        say(f"written to {given.write}")


def _measured(on: Parts, scale: Scale, wanted: Sequence[str], *, peers: bool) -> Generator[Row]:
    if "skips" in wanted:
        yield from skips.measure(on, scale, lookers() if peers else ())
    if peers:
        yield from calls.measure(on, scale)
    for name, measure in _OTHERS.items():
        if name in wanted:
            yield from measure(on, scale)


if __name__ == "__main__":
    main()
