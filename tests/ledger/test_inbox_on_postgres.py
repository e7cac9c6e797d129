"""What only PostgreSQL has: rows that other transactions hold, and rows that earlier versions wrote."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256

import pytest
from sqlalchemy import Engine, text

from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.migrations import upgrade
from consumer.ledger.port.inbox import Disposition
from tests.ledger.conftest import TOPIC, arrival, cancellation, event

pytestmark = pytest.mark.parts

PENDING, LOCKED = Disposition.PENDING, Disposition.LOCKED


class Accepting:
    """An inbox on PostgreSQL, and what is done to its database from elsewhere."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.inbox = PostgresInbox(engine)
        self.epochs = {(TOPIC, p): o.epoch for p, o in self.inbox.own(TOPIC, [0, 1], owner="me").items()}

    def next_offset(self) -> int | None:
        return self.inbox.own(TOPIC, [0], owner="next")[0].next_offset

    @contextmanager
    def held(self, student_id: str) -> Generator[None]:
        """An operator's open transaction on the student."""
        with self.engine.begin() as connection:
            rows = connection.execute(
                text("SELECT FROM student WHERE student_id = :student_id FOR UPDATE"), {"student_id": student_id}
            )
            assert rows.rowcount == 1
            yield


@pytest.fixture
def accepting(database_url: str) -> Iterator[Accepting]:
    engine = open_engine(database_url)
    upgrade(engine)
    yield Accepting(engine)
    engine.dispose()


def test_a_student_whose_row_is_held_waits_and_the_others_are_accepted(accepting: Accepting) -> None:
    inbox, epochs = accepting.inbox, accepting.epochs
    inbox.accept([arrival(event("a1", student_id="a"))], epochs=epochs)
    batch = [
        arrival(event("b1", student_id="b"), offset=1),
        arrival(event("a2", student_id="a", version=2), offset=2),
        arrival(event("c1", student_id="c"), offset=3),
    ]
    with accepting.held("a"):
        began = time.monotonic()
        assert inbox.accept(batch, epochs=epochs, offsets={(TOPIC, 0): 4}) == [PENDING, LOCKED, PENDING]
        assert time.monotonic() - began < 3
    assert inbox.accept([batch[1]], epochs=epochs) == [PENDING]


def test_no_offset_is_kept_beyond_what_waits_for_a_row(accepting: Accepting) -> None:
    inbox, epochs = accepting.inbox, accepting.epochs
    inbox.accept([arrival(event("a1", student_id="a"))], epochs=epochs)
    with accepting.held("a"):
        inbox.accept(
            [arrival(event("a2", student_id="a", version=2), offset=2)], epochs=epochs, offsets={(TOPIC, 0): 9}
        )
    assert accepting.next_offset() == 2


def test_with_locked_rows_skipped_nothing_is_waited_for(accepting: Accepting) -> None:
    inbox, epochs = accepting.inbox, accepting.epochs
    inbox.accept([arrival(event("a1", student_id="a"))], epochs=epochs)
    with accepting.held("a"):
        began = time.monotonic()
        batch = [arrival(event("a2", student_id="a", version=2))]
        assert inbox.accept(batch, epochs=epochs, skip_locked=True) == [LOCKED]
        assert time.monotonic() - began < 0.4


def test_what_cancels_waits_for_a_row_too(accepting: Accepting) -> None:
    inbox, epochs = accepting.inbox, accepting.epochs
    inbox.accept([arrival(event("a1", student_id="a"))], epochs=epochs)
    batch = [cancellation(event("a2", student_id="a", version=2))]
    with accepting.held("a"):
        assert inbox.accept(batch, epochs=epochs) == [LOCKED]
    assert inbox.accept(batch, epochs=epochs) == [PENDING]


def digest_of_value(accepting: Accepting, value: bytes) -> None:
    """As revision 0002 kept it."""
    with accepting.engine.begin() as connection:
        connection.execute(text("UPDATE inbox SET digest = :digest"), {"digest": sha256(value).digest()})


def test_an_event_that_an_earlier_version_took_is_a_duplicate_when_it_comes_again(accepting: Accepting) -> None:
    one = arrival(event())
    accepting.inbox.accept([one], epochs=accepting.epochs)
    digest_of_value(accepting, one.value)
    assert accepting.inbox.accept([one], epochs=accepting.epochs) == [Disposition.DUPLICATE]


def test_an_id_that_an_earlier_version_took_with_other_content_is_reused(accepting: Accepting) -> None:
    accepting.inbox.accept([arrival(event())], epochs=accepting.epochs)
    digest_of_value(accepting, b"other content")
    assert accepting.inbox.accept([arrival(event())], epochs=accepting.epochs) == [Disposition.REUSED_ID]


def test_a_partition_of_which_an_earlier_version_kept_no_offset_has_none(accepting: Accepting) -> None:
    with accepting.engine.begin() as connection:
        connection.execute(text("UPDATE partition_epoch SET next_offset = NULL"))
    assert accepting.next_offset() is None


def test_what_cancels_names_an_action_that_the_previous_version_knows(accepting: Accepting) -> None:
    accepting.inbox.accept([arrival(event("e1"))], epochs=accepting.epochs)
    accepting.inbox.accept([cancellation(event("e2", version=2))], epochs=accepting.epochs)
    with accepting.engine.begin() as connection:
        desired = connection.execute(text("SELECT desired FROM student")).scalar_one()
    assert (desired["action"], desired["providers"]) == ("create_account", [])
