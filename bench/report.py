"""The closing table: for people at a terminal, and for the page that keeps the latest results."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.row import Row
from testbed import marked

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_COLOUR = {True: "green", False: "bold red", None: ""}


def where() -> str:
    """The machine, in a sentence."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"
    return f"{machine}; broker, database and simulated vendors on the same machine, load {os.getloadavg()[0]:.1f} at the end."


def show(rows: Sequence[Row], console: Console) -> None:
    """Prints the table."""
    table = Table("what", "measured", "wanted", "")
    for row in rows:
        table.add_row(row.what, row.measured, row.wanted, Text(row.verdict, style=_COLOUR[row.met]))
    console.print(table)
    console.print(where())


def write(page: Path, rows: Sequence[Row]) -> None:
    """Puts the table between the page's two markers. Raises ValueError where they are missing."""
    put(page, _block(rows), BEGIN, END)


def put(page: Path, block: str, begin: str, end: str) -> None:
    """Replaces what the page has between two markers. Raises ValueError where they are missing."""
    page.write_text(marked.put(page.read_text(encoding="utf-8"), block, begin, end), encoding="utf-8")


def _block(rows: Sequence[Row]) -> str:
    command = " ".join(["python -m bench", *sys.argv[1:]])
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, {where()}",
        "",
        "| what | measured | wanted | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.what} | {row.measured} | {row.wanted} | {row.verdict} |" for row in rows]
    return "\n".join(lines) + "\n"
