"""Measures in turn, and prints the table."""

import argparse
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

from rich.console import Console

from bench import accounts, acts, calls, commits, growth, refusals, report, schools, skips, start
from bench.contestants import lookers
from bench.parts import Parts, parts, say
from bench.row import Row
from bench.scale import FULL, QUICK, Scale

_ALL = ("skips", "acts", "accounts", "start", "refusals", "schools", "commits")
_LONG = ("growth",)
"""Takes hours: only where it is asked for."""
_WIDTH = 140


def main() -> None:
    """`make bench`."""
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--quick", action="store_true", help="a tenth of the counts: half a minute, less exact")
    arguments.add_argument("--peers", action="store_true", help="run the alternatives too")
    arguments.add_argument("--only", choices=(*_ALL, *_LONG), nargs="+", default=_ALL, help="these measurements")
    arguments.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the page's markers")
    given = arguments.parse_args()
    with parts() as on:
        rows = list(_measured(on, QUICK if given.quick else FULL, given.only, peers=given.peers))
    report.show(rows, Console(width=None if sys.stdout.isatty() else _WIDTH))
    if given.write:
        report.write(given.write, rows)
        say(f"written to {given.write}")


def _measured(on: Parts, scale: Scale, wanted: Sequence[str], *, peers: bool) -> Generator[Row]:
    if "skips" in wanted:
        yield from skips.measure(on, scale, lookers() if peers else ())
    if "acts" in wanted:
        yield from acts.measure(on, scale)
    if peers:
        yield from calls.measure(on, scale)
    if "accounts" in wanted:
        yield from accounts.measure(on, scale)
    if "start" in wanted:
        yield from start.measure(on, scale)
    if "refusals" in wanted:
        yield from refusals.measure(on, scale)
    if "schools" in wanted:
        yield from schools.measure(on, scale)
    if "commits" in wanted:
        yield from commits.measure(on)
    if "growth" in wanted:
        yield from growth.measure(on, scale)


if __name__ == "__main__":
    main()
