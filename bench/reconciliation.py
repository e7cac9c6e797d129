"""A reconciliation as its users run it: the command, in a process of its own, beside the simulated vendors and a durable database."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import yaml

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.reconcile.finding import Finding, Kind
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.settled import SettledSchool, seed_differences

_EACH = 200
"""One account in so many differs: at full scale, more than five hundred."""
_KINDS_HERE = 13
"""At either provider."""
_FEW = 20
"""Of the accounts, the part of the small school that memory is compared with."""
_FLAT = 1.25


@dataclass(frozen=True, slots=True)
class _Run:
    found: Sequence[Finding]
    seconds: float
    peak: int


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """A small school and a large one, so that what memory grows by is seen."""
    say(f"reconciliation: {scale.reconciled:,} accounts …")
    rows: list[Row] = []
    for provider in Provider:
        small, _ = _school(parts, provider, scale.reconciled // _FEW)
        large, expected = _school(parts, provider, scale.reconciled)
        kinds = Counter(one.kind for one in expected)
        right = set(large.found) == expected and len(large.found) == len(expected)
        missed, false = len(expected - set(large.found)), len(set(large.found) - expected)
        rows += [
            Row(
                f"reconciliation of {scale.reconciled:,} accounts at {provider}, {len(expected):,} differ",
                f"{len(kinds)} kinds, {missed} missed, {false} false; {large.seconds:,.0f} s",
                "10 kinds or more, none missed, none false",
                right and len(kinds) >= _KINDS,
            ),
            Row(
                f"its memory at {provider}, against {scale.reconciled // _FEW:,} accounts",
                f"{large.peak / 1024:,.0f} MiB, {small.peak / 1024:,.0f} MiB",
                f"at most {_FLAT} of it",
                large.peak <= _FLAT * small.peak,
            ),
        ]
    return rows


_KINDS = 10


def _school(parts: Parts, provider: Provider, count: int) -> tuple[_Run, set[Finding]]:
    folder = parts.folder / f"reconciliation-{provider}-{count}"
    folder.mkdir()
    world = World([Institution("north", "North", (provider,))], folder, clock=time.time, seed=1)
    engine = open_engine(parts.database)
    try:
        with ServedInThread(world.server) as vendors:
            tenants = world.tenants(vendors)
            school = SettledSchool(world, engine, tenants[0], provider, count)
            expected = seed_differences(school, each=-(-count // (_EACH * _KINDS_HERE)))
            return _reconciled(parts, folder, world.write_tenants(tenants)), expected
    finally:
        engine.dispose()
        _forget(parts)


def _reconciled(parts: Parts, folder: Path, tenants: Path) -> _Run:
    """By its command, beside whose memory that of this process is large."""
    config, peak, report = folder / "service.yaml", folder / "peak", folder / "report.jsonl"
    config.write_text(yaml.safe_dump(_settings(parts, tenants)))
    words = ["-m", "consumer.cli", "reconcile", "--tenant", "north", "--config", str(config), "--report", str(report)]
    command = [sys.executable, "-m", "bench.peak", str(peak), sys.executable, *words]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own command
    seconds = time.perf_counter() - began
    if done.returncode not in {0, 3}:
        raise RuntimeError(f"{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    return _Run([_finding(line) for line in lines], seconds, int(peak.read_text()))


def _settings(parts: Parts, tenants: Path) -> Mapping[str, object]:
    return {
        "kafka": {"bootstrap_servers": parts.kafka},
        "registry": {"url": "http://127.0.0.1:1"},
        "database": {"url": parts.database},
        "vault": [{"id": "k", "key": "env:KEY"}],
        "tenants_dir": str(tenants),
    }


def _finding(line: Mapping[str, str | None]) -> Finding:
    return Finding(Provider(line["provider"]), Kind(line["kind"]), line["student_id"], line["object_id"])


def _forget(parts: Parts) -> None:
    with psycopg.connect(parts.database) as session:
        session.execute("TRUNCATE student, account, step, reconciliation, listed_account")
