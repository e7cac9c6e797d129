"""`python -m proof.checker FILE`: judges a kept run again. Exit status 1 where something is violated, 2 where the run proves nothing."""

import argparse
import sys
from pathlib import Path

from proof.checker import check
from proof.history_file import read


def main() -> int:
    """Prints the report."""
    parser = argparse.ArgumentParser(prog="python -m proof.checker", description="Judges a kept run again.")
    parser.add_argument("file", type=Path, help="a history, as proof.history_file writes it")
    report = check(read(parser.parse_args().file))
    for line in report.lines():
        print(line)  # noqa: T201  a command's output
    return 2 if report.invalid else 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
