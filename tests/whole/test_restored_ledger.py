"""A ledger restored to before the group's offsets: every event of the gap is worked, and nothing is done twice."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from consumer.events import Provider
from consumer.policy.marker import marker
from proof.stories.campus import Campus, accounts_of, by_student, campus, event, failures_of, mails_of
from sandbox.simulators.faults import FaultRule, Refuse
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until
from tests.whole.evidence import accounts, creations, mails_that_open_an_account

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
HARBOUR = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))

Events = Sequence[Mapping[str, Any]]


def events(group: str, *, students: int = 10) -> Events:
    """Students of both schools who enrol."""
    return [event(school.id, f"{group}{number}") for number in range(students) for school in (NORTH, HARBOUR)]


EARLIER, GAP, UNDONE, LATER = events("Earlier"), events("Gap"), events("Undone"), events("Later")


class Backup:
    """A copy of a database that no one is connected to, beside it on its server."""

    def __init__(self, database: str) -> None:
        self._name = urlsplit(database).path.removeprefix("/")
        self._server = urlsplit(database)._replace(path="/postgres").geturl()

    def make(self) -> None:
        """Once."""
        self._copy(self._name, f"{self._name}_backup")

    def restore(self) -> None:
        """Puts the copy in the database's place, and ends it."""
        self._run("DROP DATABASE {} WITH (FORCE)", self._name)
        self._copy(f"{self._name}_backup", self._name)
        self._run("DROP DATABASE {}", f"{self._name}_backup")

    def _copy(self, source: str, target: str) -> None:
        self._run("CREATE DATABASE {} TEMPLATE {}", target, source)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # pyright: ignore[reportArgumentType]  our own words


def at_the_vendors(world: World) -> tuple[Mapping[str, int], Counter[str]]:
    """How many accounts each marker has, and how many mails open each account."""
    return {mark: len(found) for mark, found in accounts(world).items()}, mails_that_open_an_account(world)


@pytest.mark.long(seconds=40)
@pytest.mark.parts
async def test_every_event_of_the_gap_is_worked_and_nothing_is_done_twice(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, HARBOUR), tmp_path, clock=time.time, seed=1)
    backup = Backup(database_url)
    async with campus(world, kafka=kafka, database=database_url, name=unique_name) as here:
        replica = await here.start()
        await here.put(*EARLIER)
        await here.until_applied(EARLIER)
        await replica.down()
        backup.make()

        await replica.up()
        await here.put(*GAP)
        await here.until_applied(GAP)
        here.vendors.faults.set([FaultRule(route=route, fault=Refuse()) for route in ("graph.*", "directory.*")])
        await here.put(*UNDONE)
        await until("the others are accepted", lambda: accepted(here, UNDONE), seconds=30)
        await replica.down()
        backup.restore()
        here.vendors.faults.set([])
        assert not await accepted(here, GAP[:1])

        await here.start("restored")
        await here.put(*LATER)
        everybody = [*EARLIER, *GAP, *UNDONE, *LATER]
        await here.until_applied(everybody, seconds=90)
        published = by_student(await here.published())
        metrics = await here.replicas[-1].metrics()

    assert "provisioner_ledger_behind_total" in metrics
    marks = {
        marker(school, one["tenant_id"], one["student"]["student_id"])
        for one in everybody
        for school in [Provider.MICROSOFT if one["tenant_id"] == NORTH.id else Provider.GOOGLE]
    }
    standing, opened = at_the_vendors(world)
    assert standing == dict.fromkeys(marks, 1)
    assert creations(here.vendors) == dict.fromkeys(marks, 1)
    assert sorted(opened.values()) == [1] * len(everybody)
    for one in everybody:
        outcomes = published[one["tenant_id"], one["student"]["student_id"]]
        assert len(accounts_of(outcomes)) == 1, one["event_id"]
        assert [mail.state for mail in mails_of(outcomes)] == ["accepted"], one["event_id"]
        assert len({outcome.event_id for outcome in outcomes}) == len(outcomes), one["event_id"]
        assert [failure for failure in failures_of(outcomes) if failure.final] == []


async def accepted(here: Campus, some: Events) -> bool:
    found = await here.dispositions()
    return all((one["tenant_id"], one["event_id"]) in found for one in some)
