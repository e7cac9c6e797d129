"""Runs the measurements and prints the table."""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.accounts import INSTITUTIONS, measure
from bench.parts import Parts, parts, say
from bench.skips import bare, intake_rate, ours, total
from bench.topic import fill
from consumer.configuration.loading import load_tenants
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.tenants import Tenant

_TENANTS = Path(__file__).parents[1] / "config" / "tenants"


def main() -> None:
    """Measures in turn, several rounds; prints medians, and ratios within a round."""
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--skips", type=int, default=200_000, help="events that do nothing")
    arguments.add_argument("--acts", type=int, default=50_000, help="events that act")
    arguments.add_argument("--students", type=int, default=4_000, help="accounts")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        _one(*given.one)
        return
    table = Table("what", "measured", "wanted")
    with parts() as on:
        engine = open_engine(on.database)
        upgrade(engine)
        engine.dispose()
        for row in (*_skips(on, given.skips, given.rounds), *_acts(on, given.acts), *_accounts(on, given.students)):
            table.add_row(*row)
    Console().print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; broker, database and vendors on the same machine"
    )
    Console().print(table)


def _skips(on: Parts, events: int, rounds: int) -> Sequence[tuple[str, str, str]]:
    say(f"events that do nothing: {events}, {rounds} rounds in turn …")
    tenants = _tenants()
    count = fill(on.kafka, "skips", tenants, students=events // 2, acting=False)
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(rounds):
        for name, measured in rates.items():
            measured.append(_apart(name, on, "skips", count))
    ratios = [mine / theirs for mine, theirs in zip(rates["ours"], rates["bare"], strict=True)]
    return [
        ("events that do nothing: bare loop", _per_second(rates["bare"]), ""),
        ("events that do nothing: the intake", _per_second(rates["ours"]), ""),
        ("… of the bare loop", f"{statistics.median(ratios):.2f}", "1 or more"),
    ]


def _acts(on: Parts, events: int) -> Sequence[tuple[str, str, str]]:
    say(f"events that act: {events} …")
    count = fill(on.kafka, "acts", _tenants(), students=events, acting=True)
    return [("events that act, accepted durably", _per_second([_apart("acts", on, "acts", count)]), "10,000/s")]


def _accounts(on: Parts, students: int) -> Sequence[tuple[str, str, str]]:
    say(f"accounts: {students} students of {INSTITUTIONS} institutions, 100 ms a call …")
    engine = open_engine(on.database)
    with engine.connect() as connection:
        connection.exec_driver_sql("TRUNCATE inbox, student, account, address, step, credential, outbox")
        connection.commit()
    engine.dispose()
    measured = measure(on, students=students)
    return [
        ("whole accounts, one process", f"{measured.accounts_per_second:,.0f}/s", "200/s"),
        ("… calls to vendors", f"{measured.calls_per_second:,.0f}/s", ""),
    ]


def _apart(name: str, on: Parts, topic: str, count: int) -> float:
    """Each measurement in a process of its own, so that none warms another's caches."""
    words = ["--one", name, on.kafka, on.database, f"{topic}:{count}"]
    done = subprocess.run([sys.executable, "-m", "bench", *words], check=True, capture_output=True, text=True)  # noqa: S603  ourselves
    return float(done.stdout.splitlines()[-1])


def _one(name: str, kafka: str, database: str, what: str) -> None:
    topic, count = what.split(":")
    tenants = _tenants()
    if name == "bare":
        rate = bare(kafka, topic, int(count), tenants)
    elif name == "ours":
        rate = ours(kafka, topic, int(count), tenants, database)
    else:
        rate = intake_rate(kafka, topic, int(count), tenants, database, lambda metrics: total(metrics.events))
    Console().print(rate, highlight=False)


def _tenants() -> Sequence[Tenant]:
    """The example's institution, fifty times over."""
    example = load_tenants(_TENANTS)[0][0]
    return [example.model_copy(update={"id": f"school-{number:02d}"}) for number in range(INSTITUTIONS)]


def _per_second(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f}/s"


if __name__ == "__main__":
    main()
