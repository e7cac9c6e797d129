"""Every boundary of an effect on real Kafka and PostgreSQL: the process dies there, or the answer to what it has done gets lost.

Whatever happens, each student ends with one account, one mail that opens it, and each outcome published once.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from consumer.app import App
from consumer.codec.schemas import ACCOUNT_CHANGED, STATUS_CHANGED, schema, schema_text
from consumer.configuration.loading import load_settings
from consumer.events import AccountChange, Provider
from consumer.failpoints import VARIABLE, Point
from consumer.secrets import opener
from consumer.tenants import Deletion, DeletionNotice, OnChange, Rename
from sandbox.demo.inspection import decoded
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import VAULT, Service, until
from tests.whole.evidence import (
    accounts,
    applied_events,
    creations,
    dispositions,
    mails_that_open_an_account,
    owed,
    read_committed,
    what_is_left,
)
from tests.whole.forked import ForkedReplica
from tests.whole.situations import DELETION_DATE, LEADS_TO, Enrolment, Situation

pytestmark = pytest.mark.parts

_AT_ONCE = DeletionNotice(days=1e-9)
"""A deletion is announced when it is due, and put off by less than its announcement takes."""
_A_SECOND_LATER = Deletion(grace=1 / 86_400, date_attribute=DELETION_DATE, notice=_AT_ONCE)
INSTITUTIONS = tuple(
    Institution(
        ident,
        name,
        (provider,),
        on_change=OnChange.FOLLOW,
        deletion=_A_SECOND_LATER,
        rename=Rename.ALIAS,
        admin_units=SCHOOLS,
    )
    for ident, name, provider in (
        ("north-high", "North High School", Provider.MICROSOFT),
        ("harbour-college", "Harbour College", Provider.GOOGLE),
    )
)
CHANGES = {
    "kafka": {
        "group_instance_id": "replica",  # the successor of a dead replica takes its place at once
        "park_unknown": 0.5,
        "librdkafka": {"log_level": "0"},
    },
    "provisioning": {
        "retry_base": 0.1,
        "sweep": 0.3,
        "lease": 3,
        "call_timeout": 2,
        "mail_hold_down": 1,
        "verify_after": 2,
    },
}
GARBAGE = b"\x01no event"
KILLED = 137


@dataclass
class School:
    """One installation, and everybody who enrols there."""

    service: Service
    world: World
    vendors: VendorServer
    kafka: str
    database: str
    enrolments: list[Enrolment] = field(default_factory=list[Enrolment])
    dead_letters: int = 0
    replicas: list[ForkedReplica] = field(default_factory=list[ForkedReplica])
    hands: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])

    def lay_out(self, situations: Sequence[Situation]) -> None:
        """Students in these situations, in turn, at each institution. Once only."""
        pairs = product(situations, self.world.tenants(self.vendors))
        self.enrolments = [Enrolment.of(tenant, situation, n) for n, (situation, tenant) in enumerate(pairs)]
        for enrolment in self.enrolments:
            enrolment.lay_out(self.world)
        self.vendors.faults.set([rule for enrolment in self.enrolments for rule in enrolment.faults()])
        hands = (self.take_markers, self.correct_names, self.move_students)
        self.hands = [asyncio.create_task(hand()) for hand in hands]

    async def enrol(self, enrolments: Sequence[Enrolment]) -> None:
        """Puts their events, an unreadable one, and one of no institution that is known onto the topic."""
        encoder = self.encoder()
        events = [(enrolment.key, enrolment.record(encoder)) for enrolment in enrolments]
        astray = replace(enrolments[0], tenant=enrolments[0].tenant.model_copy(update={"id": "elsewhere"}))
        await self.produce([*events, (b"unreadable", GARBAGE), (b"astray", astray.record(encoder))])
        self.dead_letters += 2

    async def produce(self, events: Sequence[tuple[bytes, bytes]]) -> None:
        producer = Producer({"bootstrap.servers": self.kafka})
        for key, value in events:
            producer.produce(self.service.topics.status_changed, value, key)
        assert await asyncio.to_thread(producer.flush, 10) == 0

    def encoder(self) -> Encoder:
        ident, _ = self.world.schemas.find(f"{self.service.topics.status_changed}-value", schema_text(STATUS_CHANGED))
        return Encoder(schema(STATUS_CHANGED), ident)

    async def at_rest(self) -> bool:
        """Whether everybody's event has come to its end, and nothing is left to do or to tell. Raises what ended a hand."""
        for hand in self.hands:
            if hand.done():
                hand.result()
        applied = (await dispositions(self.database)).get("applied", 0)
        return applied == sum(one.applied for one in self.enrolments) and not await owed(self.database)

    async def take_markers(self) -> None:
        """What an administrator does to some of the accounts, for as long as there are any."""
        waiting = [one for one in self.enrolments if one.situation is Situation.UNMARKED]
        while waiting:
            await asyncio.sleep(0.1)
            for one in list(waiting):
                if self.world.mail.mailbox.of(one.student.contact_email or ""):
                    one.lose_marker(self.world)
                    waiting.remove(one)

    async def correct_names(self) -> None:
        """What the SIS does, once the vendor was asked for an account under a misspelt name."""
        waiting = [one for one in self.enrolments if one.situation is Situation.CORRECTED]
        seen = 0
        while waiting:
            await asyncio.sleep(0.1)
            entries = self.vendors.audit.entries(after=seen)
            seen += len(entries)
            for one in list(waiting):
                if any(one.is_tried_misspelt(entry) for entry in entries):
                    await self.produce([(one.key, one.correction(self.encoder()))])
                    waiting.remove(one)

    async def move_students(self) -> None:
        """What the SIS reports of students whose event before was carried out: that they leave, have another name, or return."""
        waiting = [(one, version) for one in self.enrolments for version in one.moves]
        while waiting:
            await asyncio.sleep(0.1)
            applied = await applied_events(self.database)
            for one, version in list(waiting):
                if one.event_id(version - 1) in applied:
                    await self.produce([(one.key, one.moved(self.encoder(), version))])
                    waiting.remove((one, version))

    def replica(self, name: str, failpoints: str) -> ForkedReplica:
        environ = {**self.service.environ(), VARIABLE: failpoints}
        replica = ForkedReplica(self.service.config, self.service.log(name), environ)
        replica.start()
        self.replicas.append(replica)
        return replica

    async def finish(self) -> None:
        """Lets a replica without failpoints do what there is left."""
        replica = self.replica("last", "")
        await self.rest(seconds=180)
        assert await replica.end() == 0

    async def rest(self, *, seconds: float) -> None:
        """Returns when all is at rest. Says what is left where that takes longer."""
        try:
            await until("all is at rest", self.at_rest, seconds=seconds)
        except AssertionError as failure:
            failure.add_note(await what_is_left(self.database))
            raise

    async def verify(self) -> None:
        """Each student has what they should have, and each outcome was published."""
        assert creations(self.vendors) == {one.marker: 1 for one in self.enrolments if one.created}
        standing, opened = accounts(self.world), mails_that_open_an_account(self.world)
        for one in self.enrolments:
            assert len(standing[one.marker]) == one.marked, one
            if not one.marked:
                continue
            assert opened[standing[one.marker][0]] == one.opens, one
            assert one.is_suspended(self.world) == (one.situation is Situation.LEFT), one
        corrected = sum(one.situation is Situation.CORRECTED for one in self.enrolments)
        applied = sum(one.applied for one in self.enrolments)
        assert await dispositions(self.database) == {"applied": applied, "superseded": corrected}
        await self._verify_topics()

    async def _verify_topics(self) -> None:
        topics = self.service.topics
        for topic, wanted in (
            (topics.account_provisioned, Counter({one.key: one.announced for one in self.enrolments})),
            (topics.welcome_email_status, Counter({one.key: 1 for one in self.enrolments})),
        ):
            published = await read_committed(self.kafka, topic, wanted.total())
            assert Counter(record.key for record in published) == wanted, topic
        changes = +Counter({one.key: one.changes for one in self.enrolments})
        published = await read_committed(self.kafka, topics.account_changed, changes.total())
        seen = [(record.key, decoded(record.value, ACCOUNT_CHANGED)) for record in published]
        reported = Counter(key for key, change in seen if not is_a_repeat(change))
        odd = {key for key in changes | reported if changes[key] != reported[key]}
        assert not odd, [(key, what(change)) for key, change in seen if key in odd]
        failed = +Counter({one.key: one.failures for one in self.enrolments})
        published = await read_committed(self.kafka, topics.account_provisioning_failed, failed.total())
        assert Counter(record.key for record in published) == failed
        dead_letters = await read_committed(self.kafka, topics.dead_letters, self.dead_letters)
        places = {
            tuple(value for name, value in dead_letter.headers if name.startswith("__connect"))
            for dead_letter in dead_letters
        }
        assert sum(b"elsewhere" in dead_letter.value for dead_letter in dead_letters) >= self.dead_letters / 2
        assert {dead_letter.value for dead_letter in dead_letters if b"elsewhere" not in dead_letter.value} == {GARBAGE}
        assert len(places) == self.dead_letters


def is_a_repeat(change: Mapping[str, Any]) -> bool:
    """Whether it reports a grant that was given again, as its first call may have been lost: in no situation does a grant change."""
    return change["change"] == AccountChange.UPDATED and not set(change["parts"]) - {"groups", "licences", "admin_unit"}


def what(change: Mapping[str, Any]) -> str:
    return f"{change['cause']['version']}: {change['change']} {change['parts']}, missing {change['missing']}"


class Recorder:
    """Failpoints at which nothing happens but that they are written down."""

    def __init__(self) -> None:
        self.reached: set[Point] = set()

    def reach(self, point: Point, *, lost: Exception) -> None:
        del lost
        self.reached.add(point)

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        del lost
        self.reached.add(point)


@pytest.fixture
async def school(tmp_path: Path, kafka: str, database_url: str, unique_name: str) -> AsyncIterator[School]:
    world = World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)
    async with world.server() as vendors:
        service = Service.configured(
            tmp_path,
            world=world,
            vendors=vendors,
            kafka=kafka,
            database=database_url,
            prefix=unique_name,
            changes=CHANGES,
        )
        await service.prepare()
        school = School(service, world, vendors, kafka, database_url)
        yield school
        for replica in school.replicas:
            replica.kill()
        for hand in school.hands:
            hand.cancel()


async def test_a_run_in_all_situations_reaches_every_failpoint(school: School) -> None:
    school.lay_out(list(Situation))
    await school.enrol(school.enrolments)
    recorder = Recorder()
    settings = load_settings(school.service.config, {})
    app = App(settings, school.world.tenants(school.vendors), opener(VAULT), failpoints=recorder)
    running = asyncio.create_task(app.run())
    try:
        await school.rest(seconds=120)
    finally:
        app.stop()
        await running
    assert set(Point) - recorder.reached == set()
    await school.verify()


@pytest.mark.long(seconds=70)
async def test_a_process_may_die_at_any_failpoint(school: School) -> None:
    async for point in each_with_students_to_come_there(school):
        replica = school.replica(point, f"{point}=crash")
        assert await replica.ended(seconds=60) == KILLED, f"{point}: {replica.log.read_text()}"
    await school.finish()
    await school.verify()


@pytest.mark.long(seconds=100)
async def test_the_answer_to_what_was_done_may_get_lost_at_any_failpoint(school: School) -> None:
    async for point in each_with_students_to_come_there(school):
        replica = school.replica(point, f"{point}=lose-response")
        await until(f"an answer is lost at {point}", partial(has_acted, replica), seconds=60)
        assert await replica.end() == 0, f"{point}: {replica.log.read_text()}"
    await school.finish()
    await school.verify()


async def each_with_students_to_come_there(school: School) -> AsyncIterator[Point]:
    """Every point, when there is work that leads to it."""
    school.lay_out([LEADS_TO.get(point, Situation.PLAIN) for point in Point])
    for number, point in enumerate(Point):
        await school.enrol(school.enrolments[2 * number : 2 * number + 2])
        yield point


async def has_acted(replica: ForkedReplica) -> bool:
    """Whether one of its failpoints has."""
    return '"event": "failpoint"' in replica.log.read_text()
