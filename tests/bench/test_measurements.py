"""Every measurement of `make bench`, on the real parts, with a handful of everything: what it does is looked at, not how fast."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bench import (
    accounts,
    acts,
    commits,
    growth,
    neighbours,
    outside,
    reconciliation,
    refusals,
    relay,
    schools,
    skips,
    start,
)
from bench.contestants import Peer
from bench.parts import Parts
from bench.scale import Scale
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade

pytestmark = pytest.mark.parts

# More than two batches, and more students than may be in work at once: what came first is not counted.
FEW = Scale(
    many=1_500,
    skips=1_500,
    rounds=1,
    acts=1_500,
    students=60,
    institutions=3,
    ledger=50,
    calls=0,
    refusals=36,
    growth=10_000,
    schools=60,
    backlog=600,
    intake=50,
    arriving=0.5,
    outcomes=1_500,
    reconciled=400,
)


@pytest.fixture
def parts(kafka: str, database_url: str, tmp_path: Path, unique_name: str) -> Parts:
    engine = open_engine(database_url)
    upgrade(engine)
    engine.dispose()
    return Parts(kafka, database_url, tmp_path, unique_name)


def count(parts: Parts, rows: str) -> int:
    with psycopg.connect(parts.database) as session:
        found = session.execute(f"SELECT count(*) FROM {rows}".encode()).fetchone()  # noqa: S608  our own words
    assert found is not None
    return found[0]


@pytest.mark.long(seconds=20)
def test_events_that_do_nothing_are_read_by_all_contestants_and_leave_nothing(parts: Parts) -> None:
    again = Peer("the bare loop, as a peer", [sys.executable, "-m", "bench.peers.bare"])
    rows = skips.measure(parts, FEW, [again])
    assert [row.what for row in rows] == [
        "events that do nothing: the bare loop",
        "events that do nothing: the intake",
        "events that do nothing: the bare loop, as a peer",
        "memory, 1,500 events that do nothing",
    ]
    assert count(parts, "inbox") == 0


def test_events_that_act_are_all_in_the_ledger(parts: Parts) -> None:
    acts.measure(parts, FEW)
    assert count(parts, "inbox WHERE disposition = 'pending'") == FEW.acts


@pytest.mark.long(seconds=20)
def test_events_leave_what_is_kept_and_every_one_is_settled(parts: Parts) -> None:
    rows = growth.measure(parts, FEW)
    assert [row.what for row in rows] == [
        "with retention: inbox",
        "with retention: outbox",
        "with retention: attempt",
        "with retention: a claim of 500 students",
    ]
    assert count(parts, "student WHERE settled_version < desired_version") == 0
    assert count(parts, "inbox WHERE disposition = 'applied'") == FEW.growth


def test_outcomes_are_all_published(parts: Parts) -> None:
    (row,) = relay.measure(parts, FEW)
    assert row.measured.endswith("µs of CPU each")
    assert count(parts, "outbox WHERE batch <= (SELECT max(published) FROM relay)") == FEW.outcomes


def test_outcomes_are_timed_from_the_first_batch_of_the_run_whatever_was_numbered_before(parts: Parts) -> None:
    relay.measure(parts, FEW)
    began = time.perf_counter()
    (row,) = relay.measure(parts, FEW)
    rate = float(row.measured.partition("/s")[0].replace(",", ""))
    assert rate * (time.perf_counter() - began) >= FEW.outcomes / 2


@pytest.mark.long(seconds=20)
def test_accounts_are_whole(parts: Parts) -> None:
    rows = {row.what: row.measured for row in accounts.measure(parts, FEW)}
    assert "transactions" in rows["… the database's work"]
    assert "kB for ever" in rows["… what the ledger keeps"]
    assert count(parts, "inbox WHERE disposition = 'applied'") == FEW.students
    assert count(parts, "student WHERE applied_version = 1") == FEW.students
    assert count(parts, "step WHERE name = 'welcome' AND state = 'done'") == count(parts, "account")


@pytest.mark.long(seconds=30)
def test_a_start_finds_its_first_account_in_an_empty_ledger_and_in_a_full_one(parts: Parts) -> None:
    start.measure(parts, FEW)
    assert count(parts, "account WHERE object_id IS NOT NULL") == 1 + FEW.ledger + 1
    assert count(parts, "inbox WHERE disposition = 'applied'") == 1 + FEW.ledger + 1


@pytest.mark.long(seconds=40)
def test_refusals_are_compared_with_a_run_without_them(parts: Parts) -> None:
    (row,) = refusals.measure(parts, FEW)
    assert row.what == "24 students beside 12 whom six refusals concern"
    assert row.measured.endswith("of the time without refusals")


@pytest.mark.long(seconds=40)
def test_many_schools_are_all_served_and_those_that_wait_are_not_claimed(parts: Parts) -> None:
    rows = {row.what: row for row in schools.measure(parts, FEW)}
    assert list(rows) == [
        "200 students of one tenant",
        "2,000 students of many tenants",
        "100 students, 40 tenants with calls of 20 s",
        "60 tenants that wait, with students due",
        "a look, 60 tenants, 600 due: who became due",
        "… at all of them, every 5 s",
    ]
    assert rows["60 tenants that wait, with students due"].measured.startswith("0 claims")


@pytest.mark.long(seconds=60)
def test_one_school_is_served_by_replicas_that_know_few_or_many(parts: Parts) -> None:
    rows = outside.measure(parts, FEW)
    assert [row.what for row in rows] == [
        "200 students of one school, 2 replicas; 3 and 60 configured",
        "… from a replica's start until it is ready",
        "… `provisioner config check`",
    ]
    assert count(parts, "inbox WHERE disposition = 'applied'") == 200


@pytest.mark.long(seconds=20)
def test_schools_wait_alone_and_beside_others_in_trouble(parts: Parts) -> None:
    (row,) = neighbours.measure(parts, replace(FEW, schools=70))
    assert row.what == "students of 9 schools beside 60 in trouble and an intake"


def test_commits_are_counted_with_and_without_announcements(parts: Parts) -> None:
    (row,) = commits.measure(parts, FEW)
    assert row.what == "commits that are announced, 8 committers"


@pytest.mark.long(seconds=25)
def test_a_reconciliation_finds_what_differs_and_nothing_else(parts: Parts) -> None:
    of_microsoft, _, of_google, _ = reconciliation.measure(parts, FEW)
    assert (of_microsoft.met, of_google.met) == (True, True)
