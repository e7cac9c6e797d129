"""From the start of the service's process to its first account: with an empty ledger, and with one that has a past."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from sqlalchemy import Engine, TextClause, text

from bench.accounts import accept
from bench.installation import Installation, installation
from bench.parts import Parts, say
from bench.past import TABLES, multiply
from bench.plans import scanned
from bench.reading import ROOT
from bench.row import Row
from bench.scale import Scale
from consumer.ledger.claims import Claims
from consumer.ledger.engine import open_engine
from consumer.ledger.port.work import Room

WANTED = 5.0
_PATIENCE = 120.0
_DUE = 1_000
_CLAIMS = 20
_CLAIM_WANTED = 0.05
_THERE = text("SELECT EXISTS (SELECT FROM account WHERE tenant_id = :tenant AND object_id IS NOT NULL)")
_SETTLED = text("SELECT NOT EXISTS (SELECT FROM student WHERE due_at IS NOT NULL)")


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Starts twice; in between, the ledger gets as many settled events as `scale` says."""
    with installation(parts, "start", institutions=3) as on:
        engine = open_engine(on.settings.database.url)
        say("start to first account: with an empty ledger …")
        empty = _seconds_to_account(on, engine, 1)
        say(f"start to first account: filling the ledger with {scale.ledger:,} settled events …")
        rows = multiply(engine, scale.ledger)
        say(f"  {rows:,} rows")
        full = _seconds_to_account(on, engine, 2)
        accept(on, _DUE)
        claims = _claims(on, engine)
        engine.dispose()
    return [
        Row("start to first account, empty ledger", f"{empty:.1f} s", f"under {WANTED:.0f} s", empty < WANTED),
        Row(
            f"… with {scale.ledger:,} events settled, {rows:,} rows",
            f"{full:.1f} s",
            f"under {WANTED:.0f} s",
            full < WANTED,
        ),
        claims,
    ]


def _seconds_to_account(on: Installation, engine: Engine, institution: int) -> float:
    """An event of a student of that institution (from 1) is on the topic; a process starts, and is stopped when all is settled."""
    command = [sys.executable, "-m", "consumer.cli"]
    config = ["--config", str(on.config)]
    events = [*command, "simulate", "events", "--plain", "--students", str(institution), *config]
    subprocess.run(events, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command
    began = time.perf_counter()
    with subprocess.Popen([*command, "run", *config], cwd=ROOT) as process:  # noqa: S603  our own command
        try:
            _wait(process, engine, _THERE, tenant=on.tenants[institution - 1].id)
            took = time.perf_counter() - began
            _wait(process, engine, _SETTLED)
        finally:
            process.terminate()
    return took


def _wait(process: "subprocess.Popen[bytes]", engine: Engine, condition: TextClause, **about: str) -> None:
    deadline = time.perf_counter() + _PATIENCE
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(condition, about).scalar_one():
            if process.poll() is not None or time.perf_counter() > deadline:
                raise RuntimeError(f"the service did not come so far: {condition}")
            time.sleep(0.02)


def _claims(on: Installation, engine: Engine) -> Row:
    """Claims among many settled students: how long they take, and that no table is read from end to end for them."""
    claims, room = Claims(engine), {tenant.id: Room(5) for tenant in on.tenants}
    took: list[float] = []
    for _ in range(_CLAIMS):
        began = time.perf_counter()
        claims.claim(room, lease=60, worker="bench")
        took.append(time.perf_counter() - began)
    large = {table.name for table in TABLES}
    read = large & scanned(engine, lambda: claims.claim(room, lease=60, worker="bench"))
    how = f"reads all of {', '.join(sorted(read))}" if read else "by indexes alone"
    typical = statistics.median(took)
    return Row(
        f"… a claim of {sum(of.places for of in room.values())} students there",
        f"{typical * 1e3:.1f} ms, {how}",
        f"under {_CLAIM_WANTED * 1e3:.0f} ms, by indexes",
        typical < _CLAIM_WANTED and not read,
    )
