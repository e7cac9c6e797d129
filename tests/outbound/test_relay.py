"""The relay: each outcome once and in order, whatever becomes of commits, relays and answers."""

import asyncio
import copy
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from confluent_kafka import KafkaError, KafkaException
from prometheus_client import CollectorRegistry

from consumer.errors import Stop, Unavailable
from consumer.ledger.port.outbox import OnTopic
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Publish
from consumer.observe.metrics import Metrics
from consumer.outbound.relay import Relay
from testbed.fakes.leadership import AlwaysLeads
from testbed.fakes.ledger import MemoryLedger
from tests.ledger.conftest import TOPIC, arrival, event

PROGRESS = "progress"


@dataclass
class Cluster:
    """Committed records, and whose transactional id is in force."""

    records: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    outcomes: list[OnTopic] = field(default_factory=list[OnTopic])
    """Those of the records that have an id, as they can be read back."""
    kept: bool = True
    """Whether the topics still have all that was published."""
    breaks_after: int | None = None
    """After so many outcomes are read back, the connection breaks, once."""
    now: datetime = datetime(2026, 9, 1, tzinfo=UTC)
    newest: int = 0
    lose_commits: list[bool] = field(default_factory=list[bool])
    """For each of the next commits: True loses only its answer, False the commit itself too."""
    slow: list[float] = field(default_factory=list[float])
    """For each of the next commits: the seconds until it is answered."""
    seconds: float = 0
    late: int = 0
    """How many of the next commits are answered only when they are asked for again."""
    made: int = 0
    """Producers that were made."""

    def values(self, topic: str) -> list[bytes]:
        return [value for name, value in self.records if name == topic]


class Producer:
    """A transactional producer of that cluster; a younger one fences it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._cluster.made += 1
        self._number = 0
        self._open: list[tuple[str, bytes]] = []
        self._outcomes: list[OnTopic] = []

    def init_transactions(self, timeout: float) -> None:
        del timeout
        self._cluster.newest += 1
        self._number = self._cluster.newest

    def begin_transaction(self) -> None:
        self._open, self._outcomes = [], []

    def produce(
        self,
        topic: str,
        value: bytes,
        key: bytes,
        partition: int = -1,
        *,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        del partition
        self._open.append((topic, value))
        kept = tuple((name, header) for name, header in headers or () if isinstance(header, bytes))
        if event_id := dict(kept).get("ce_id"):
            outcome = Publish(UUID(event_id.decode()), topic, key, value, kept)
            self._outcomes.append(OnTopic(outcome, self._cluster.now))

    def poll(self, timeout: float) -> int:
        del timeout
        return 0

    def commit_transaction(self, timeout: float) -> None:
        if self._number != self._cluster.newest:
            raise KafkaException(KafkaError(KafkaError._FENCED, "", fatal=True))
        if self._cluster.late:
            self._cluster.late -= 1
            self._cluster.seconds += timeout
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "", retriable=True))
        self._cluster.seconds += self._cluster.slow.pop(0) if self._cluster.slow else 0
        lost = self._cluster.lose_commits.pop(0) if self._cluster.lose_commits else None
        if lost is not False:
            self._cluster.records += self._open
            self._cluster.outcomes += self._outcomes
        if lost is not None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def purge(self) -> None:
        self._open = []


class Progress:
    """Reads the newest progress record of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self) -> int:
        return max((int(value) for value in self._cluster.values(PROGRESS)), default=0)


class Published:
    """Reads the cluster's outcomes back, one a page."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def topics(self) -> Collection[str]:
        return ["outcomes"]

    def kept_since(self, moment: datetime | None) -> bool:
        del moment
        return self._cluster.kept

    def since(self, moment: datetime | None) -> Iterator[Sequence[OnTopic]]:
        for number, found in enumerate(self._cluster.outcomes):
            if number == self._cluster.breaks_after:
                self._cluster.breaks_after = None
                raise Unavailable("away")
            if moment is None or found.at >= moment:
                yield [found]


class Rig:
    """A relay over a ledger in memory; it stops when nothing waits any more."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger(lambda: self.now)
        self.cluster = Cluster()
        self.metrics = Metrics(CollectorRegistry())
        self.leadership = AlwaysLeads()
        self.now = datetime(2026, 9, 1, tzinfo=UTC)
        self.pauses: list[float] = []
        self._epochs = {(TOPIC, 0): self.ledger.own(TOPIC, [0], owner="me")[0].epoch}

    def lose_ledger(self) -> None:
        self.ledger = MemoryLedger(lambda: self.now)
        self.ledger.own(TOPIC, [0], owner="me")

    async def queue(self, *numbers: int, topic: str = "outcomes") -> None:
        self.ledger.accept([arrival(event(f"e{numbers[0]}", student_id=f"s{numbers[0]}"))], epochs=self._epochs)
        (job,) = await self.ledger.claim({"north": Room(1)}, lease=1_000, worker="w")
        rows = [
            Publish(UUID(int=n), topic, b"k", str(n).encode(), (("ce_id", str(UUID(int=n)).encode()),)) for n in numbers
        ]
        await self.ledger.commit(job.lease, rows)

    def relay(self, on_idle: Callable[[Relay], None] = lambda relay: relay.stop()) -> Relay:
        def wait(seconds: float) -> None:
            del seconds
            on_idle(relay)

        relay = Relay(
            name="relay",
            outbox=self.ledger,
            producers=lambda: Producer(self.cluster),
            progress=Progress(self.cluster),
            progress_topic=PROGRESS,
            published=Published(self.cluster),
            leadership=self.leadership,
            wait=wait,
            batch_size=2,
            sweep=1,
            metrics=self.metrics,
            beat=lambda: None,
            clock=lambda: self.cluster.seconds,
            back_off=self.pauses.append,
        )
        return relay


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_outcomes_are_published_once_and_in_order(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3"]


async def test_progress_is_reported_with_each_batch(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    rig.relay().run()
    assert rig.cluster.records == [
        ("outcomes", b"1"),
        ("outcomes", b"2"),
        (PROGRESS, b"1"),
        ("outcomes", b"3"),
        (PROGRESS, b"2"),
    ]


async def test_what_was_published_is_not_published_by_the_next_relay(rig: Rig) -> None:
    await rig.queue(1)
    rig.relay().run()
    await rig.queue(2)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2"]


@pytest.mark.parametrize("landed", [True, False])
async def test_a_commit_whose_answer_is_lost_is_neither_repeated_nor_forgotten(rig: Rig, *, landed: bool) -> None:
    await rig.queue(1, 2, 3)
    rig.cluster.lose_commits = [landed]
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3"]


async def test_a_relay_that_was_replaced_publishes_nothing_more(rig: Rig) -> None:
    await rig.queue(1)
    replaced = False

    def replace(relay: Relay) -> None:
        nonlocal replaced
        if replaced:
            relay.stop()
            return
        replaced = True
        rig.relay().run()

    old = rig.relay(replace)
    old.run()
    assert rig.cluster.values("outcomes") == [b"1"]
    assert rig.metrics.registry.get_sample_value("provisioner_fenced_writes_total", {"loop": "outbound"}) == 1


async def test_a_relay_that_died_between_numbering_and_publishing_loses_nothing(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    epoch = rig.ledger.take_over("relay")
    rig.ledger.next_batch("relay", epoch, limit=2)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3"]


async def test_published_outcomes_are_counted_by_topic(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    rig.relay().run()
    assert rig.metrics.registry.get_sample_value("provisioner_published_total", {"topic": "outcomes"}) == 3


async def test_a_commit_that_is_answered_late_counts_and_its_producer_is_not_used_again(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    rig.cluster.late = 1
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3"]
    assert rig.cluster.made == 2


@pytest.mark.parametrize(("seconds", "made"), [(0.3, 1), (0.4, 2)])
async def test_a_producer_whose_commit_may_have_been_asked_for_twice_is_not_used_again(
    rig: Rig, seconds: float, made: int
) -> None:
    await rig.queue(1, 2, 3)
    rig.cluster.slow = [seconds]
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3"]
    assert rig.cluster.made == made


async def test_a_relay_backs_off_longer_with_each_fault_in_a_row(rig: Rig) -> None:
    await rig.queue(1)
    rig.cluster.lose_commits = [False] * 8
    rig.relay().run()
    assert rig.pauses == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


async def test_a_relay_that_another_ledgers_relay_fences_in_kafka_stands_for_election_again(rig: Rig) -> None:
    await rig.queue(1)
    fenced = False

    def fence(relay: Relay) -> None:
        nonlocal fenced
        if fenced:
            relay.stop()
            return
        fenced = True
        Producer(rig.cluster).init_transactions(1)
        asyncio.run(rig.queue(2))

    await asyncio.to_thread(rig.relay(fence).run)
    assert rig.cluster.values("outcomes") == [b"1", b"2"]
    assert rig.leadership.resigned == 2


async def restore(rig: Rig) -> None:
    """Outcomes 1, 2 and 3 are on their topic; the ledger that was restored knows of 1 only."""
    await rig.queue(1)
    rig.relay().run()
    backup = copy.deepcopy(rig.ledger)
    await rig.queue(2, 3)
    rig.relay().run()
    rig.ledger = backup


async def test_a_restored_ledger_publishes_nothing_twice_that_was_done_again_before_the_relay_came(rig: Rig) -> None:
    await restore(rig)
    await rig.queue(2, 3, 4)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"4"]


async def test_a_restored_ledger_publishes_nothing_twice_that_is_done_again_after_the_relay_came(rig: Rig) -> None:
    await restore(rig)
    rig.relay().run()
    await rig.queue(2, 3, 4)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"4"]
    assert rig.metrics.registry.get_sample_value("provisioner_relay_recalls_total") == 1
    assert rig.metrics.registry.get_sample_value("provisioner_recalled_outcomes_total") == 2


async def test_an_empty_ledger_publishes_nothing_twice(rig: Rig) -> None:
    await rig.queue(1, 2, 3)
    rig.relay().run()
    rig.lose_ledger()
    await rig.queue(1, 2, 3, 4)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"4"]


async def test_a_batch_that_the_restored_ledger_had_numbered_only_is_not_published_again(rig: Rig) -> None:
    await rig.queue(1, 2)
    rig.ledger.next_batch("relay", rig.ledger.take_over("relay"), limit=2)
    backup = copy.deepcopy(rig.ledger)
    await rig.queue(3)
    rig.relay().run()
    rig.ledger = backup
    await rig.queue(3, 4)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"4"]


async def test_what_was_published_is_read_back_from_the_beginning_when_that_was_interrupted(rig: Rig) -> None:
    await restore(rig)
    await rig.queue(2, 3, 4)
    rig.cluster.breaks_after = 2
    rig.relay().run()
    assert rig.cluster.breaks_after is None
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"4"]


async def test_topics_that_no_longer_keep_everything_do_not_keep_a_restored_ledger_from_publishing(rig: Rig) -> None:
    await restore(rig)
    del rig.cluster.outcomes[:2]
    rig.cluster.kept = False
    await rig.queue(2, 3, 4)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"1", b"2", b"3", b"2", b"4"]


async def test_where_another_ledger_publishes_under_its_name_the_relay_stops_before_it_does_anything(rig: Rig) -> None:
    await rig.queue(1)
    rig.relay().run()
    another = Rig()
    await another.queue(2, 3, 4)
    another.relay().run()
    rig.cluster = another.cluster
    await rig.queue(5)
    with pytest.raises(Stop, match="another ledger publishes under this name"):
        rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"2", b"3", b"4"]
    assert [outcome.value for outcome in rig.ledger.outcomes()] == [b"1", b"5"]


async def test_outcomes_whose_topic_was_renamed_do_not_prove_that_another_ledger_publishes(rig: Rig) -> None:
    await rig.queue(1, topic="old name")
    rig.relay().run()
    rig.cluster.records.append((PROGRESS, b"7"))
    await rig.queue(2)
    rig.relay().run()
    assert rig.cluster.values("outcomes") == [b"2"]


async def test_how_long_the_oldest_outcome_has_waited_is_shown(rig: Rig) -> None:
    await rig.queue(1)
    rig.now += timedelta(seconds=90)
    rig.relay().run()
    assert rig.metrics.registry.get_sample_value("provisioner_outbox_age_seconds") == 90
