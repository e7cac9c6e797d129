"""`python -m proof.simulation`: plays seeds, and says of each that fails what was violated and how to see it again."""

import argparse
import sys
import time

from proof.checker import Report, check
from proof.simulation.ends import Ends
from proof.simulation.lives import STUDENTS, lives
from proof.simulation.run import Played, play
from proof.simulation.scenario import Scenario, scenario


def main() -> int:
    """Exit status 1 where something is violated."""
    parser = argparse.ArgumentParser(prog="python -m proof.simulation", description="Plays the service from seeds.")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to play, one after the other")
    parser.add_argument("--lives", action="store_true", help="play a hundred students with random lives instead")
    parser.add_argument("--trace", action="store_true", help="tell everything that happens")
    asked = parser.parse_args()
    began = time.monotonic()
    failed = 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        of = lives(seed, students=STUDENTS) if asked.lives else scenario(seed)
        played, report = _judged(of, traced=asked.trace)
        for line in played.trace:
            _print(line)
        if not report.passed or asked.seeds == 1:
            _print("\n".join(report.lines()))
        wrong = Ends(of, played.history).wrong if asked.lives else ()
        for line in wrong:
            _print(line)
        if wrong or not report.passed:
            failed += 1
            _print(f"again: python -m proof.simulation{' --lives' if asked.lives else ''} --seed {seed} --trace")
    _print(f"{asked.seeds} seeds from {asked.seed} on in {time.monotonic() - began:.1f} s: {failed} failed")
    return 1 if failed else 0


def _judged(of: Scenario, *, traced: bool) -> tuple[Played, Report]:
    played = play(of, traced=traced)
    return played, check(played.history)


def _print(line: str) -> None:
    print(line)  # noqa: T201  a command's output


if __name__ == "__main__":
    sys.exit(main())
