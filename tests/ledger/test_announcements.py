"""One announcement for many commits, and none that costs more than the commit."""

from collections.abc import Iterator
from itertools import takewhile

import psycopg
import pytest
from sqlalchemy import Engine

from consumer.ledger.announcements import EVERY, WORK_CHANNEL, Announcements
from consumer.ledger.engine import open_engine

pytestmark = pytest.mark.parts

SOON = 10.0


class Listener:
    """Listens on a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self.session = psycopg.connect(database_url, autocommit=True)
        self.session.execute(f"LISTEN {WORK_CHANNEL}".encode())

    def heard(self) -> int:
        """How many announcements have come before a mark of our own."""
        self.session.execute("SELECT pg_notify(%s, 'mark')", (WORK_CHANNEL,))
        heard = takewhile(lambda one: one.payload != "mark", self.session.notifies(timeout=SOON))
        return len(list(heard))


@pytest.fixture
def listener(database_url: str) -> Iterator[Listener]:
    listener = Listener(database_url)
    yield listener
    listener.session.close()


def test_commits_in_quick_succession_are_announced_once(engine: Engine, listener: Listener) -> None:
    now = [100.0]
    announcements = Announcements(engine, WORK_CHANNEL, clock=lambda: now[0])
    for _ in range(10):
        announcements.committed()
    assert listener.heard() == 1
    now[0] += 2 * EVERY
    announcements.committed()
    assert listener.heard() == 1


def test_a_database_that_is_unavailable_costs_the_announcement_and_nothing_else() -> None:
    engine = open_engine("postgresql://absent@127.0.0.1:1/none")
    Announcements(engine, WORK_CHANNEL).committed()
    engine.dispose()
