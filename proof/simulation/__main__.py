"""`python -m proof.simulation`: plays seeds, and says of each that fails what was violated and how to see it again."""

import argparse
import sys
import time
from collections.abc import Iterator

from proof.checker import Report, check
from proof.simulation.run import Played, play
from proof.simulation.scenario import scenario


def main() -> int:
    """Exit status 1 where something is violated."""
    parser = argparse.ArgumentParser(prog="python -m proof.simulation", description="Plays the service from seeds.")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to play, one after the other")
    parser.add_argument("--trace", action="store_true", help="tell everything that happens")
    asked = parser.parse_args()
    began = time.monotonic()
    failed = 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        played, report = _judged(seed, traced=asked.trace)
        for line in played.trace:
            _print(line)
        if not report.passed or asked.seeds == 1:
            _print("\n".join(published(seed, report)))
        failed += not report.passed
    _print(f"{asked.seeds} seeds from {asked.seed} on in {time.monotonic() - began:.1f} s: {failed} failed")
    return 1 if failed else 0


def published(seed: int, report: Report) -> Iterator[str]:
    """What was found, and the command that repeats it."""
    yield from report.lines()
    if not report.passed:
        yield f"again: python -m proof.simulation --seed {seed} --trace"


def _judged(seed: int, *, traced: bool) -> tuple[Played, Report]:
    played = play(scenario(seed), traced=traced)
    return played, check(played.history)


def _print(line: str) -> None:
    print(line)  # noqa: T201  a command's output


if __name__ == "__main__":
    sys.exit(main())
