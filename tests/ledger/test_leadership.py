"""One leader at a time: by a lock of the session, by a row where no session can hold one, and by whichever the way there allows."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine
from consumer.ledger.leadership import AdvisoryLeadership, Election, LeasedLeadership
from consumer.ledger.migrations import upgrade
from consumer.ledger.port.leadership import Leadership
from testbed.parts.pgbouncer import PgBouncer

pytestmark = pytest.mark.parts

Candidate = Callable[[str], Leadership]
"""The candidate of this name; all stand for the same office."""


@pytest.fixture(params=["advisory", "leased", "elected", "elected behind a pooler"])
def candidate(request: pytest.FixtureRequest, engine: Engine, database_url: str) -> Iterator[Candidate]:
    made: list[Leadership] = []

    def stand(name: str) -> Leadership:
        match request.param:
            case "advisory":
                made.append(AdvisoryLeadership(Dsn.parse(database_url), "relay"))
            case "leased":
                made.append(LeasedLeadership(engine, "relay", holder=name, lease=60))
            case "elected":
                made.append(Election(Dsn.parse(database_url), "relay", engine=engine, holder=name, lease=60))
            case _:
                dsn = Dsn.parse(database_url, pooler="transaction")
                made.append(Election(dsn, "relay", engine=engine, holder=name, lease=60))
        return made[-1]

    yield stand
    for one in made:
        one.resign()


def test_the_first_that_asks_leads_and_continues_leading(candidate: Candidate) -> None:
    leader = candidate("a")
    assert leader.held()
    assert leader.held()


def test_another_does_not_lead_beside_it(candidate: Candidate) -> None:
    leader, other = candidate("a"), candidate("b")
    assert leader.held()
    assert not other.held()


def test_who_resigns_is_followed_at_once(candidate: Candidate) -> None:
    leader, other = candidate("a"), candidate("b")
    assert leader.held()
    leader.resign()
    assert other.held()
    assert not leader.held()


def test_who_does_not_lead_resigns_without_effect(candidate: Candidate) -> None:
    leader, other = candidate("a"), candidate("b")
    assert leader.held()
    assert not other.held()
    other.resign()
    assert not candidate("c").held()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_leader_that_renews_in_time_stays(engine: Engine) -> None:
    clock = Clock()
    leader = LeasedLeadership(engine, "relay", holder="a", lease=15, clock=clock)
    other = LeasedLeadership(engine, "relay", holder="b", lease=15)
    assert leader.held()
    age(engine, seconds=10)
    clock.now = 10
    assert leader.held()
    age(engine, seconds=10)
    assert not other.held()


def test_a_leader_that_is_gone_is_followed_when_its_lease_is_over(engine: Engine) -> None:
    clock = Clock()
    leader = LeasedLeadership(engine, "relay", holder="a", lease=15, clock=clock)
    other = LeasedLeadership(engine, "relay", holder="b", lease=15)
    assert leader.held()
    age(engine, seconds=16)
    assert other.held()
    clock.now = 16
    assert not leader.held()


def age(engine: Engine, *, seconds: float) -> None:
    """Time is moved by moving what is written down."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE leader SET until = until - :s * interval '1 second'"), {"s": seconds})


def test_a_leader_without_a_database_does_not_lead() -> None:
    dsn = Dsn.parse("postgresql://stranger@127.0.0.1:1/none")
    engine = open_engine(dsn)
    assert not LeasedLeadership(engine, "relay", holder="a", lease=60).held()
    assert not Election(dsn, "relay", engine=engine, holder="a", lease=60).held()


def test_behind_a_real_pooler_one_leads_and_the_next_follows(pooler: PgBouncer) -> None:
    dsn = Dsn.parse(pooler.url())
    through = open_engine(dsn)
    upgrade(through)
    leader, other = (Election(dsn, "relay", engine=through, holder=name, lease=60) for name in ("a", "b"))
    assert (leader.held(), other.held(), leader.held()) == (True, False, True)
    leader.resign()
    assert other.held()
    through.dispose()
