"""Of a backlog, the next batch is decoded beside the transaction of the one before it: the order of effects is as without."""

from collections.abc import Callable
from threading import current_thread
from typing import TypeVar

import pytest

from consumer.intake.beside import Beside, OwnThread
from consumer.ledger.port.inbox import Disposition
from consumer.policy.decision import DecisionTable
from tests.intake.rig import Rig

T = TypeVar("T")


def decoded_first(work: Callable[[], T], meanwhile: Callable[[], None]) -> T:
    """The next batch is decoded before anything of this one is in the ledger."""
    meanwhile()
    return work()


@pytest.fixture(params=[decoded_first, OwnThread()], ids=["decoded first", "in a thread"])
def rig(request: pytest.FixtureRequest) -> Rig:
    beside: Beside = request.param
    return Rig(batch_size=2, beside=beside)


def test_a_backlog_is_accepted_in_its_order_and_committed(rig: Rig) -> None:
    rig.topic.feed(*(b"enrolled S%d 1" % number for number in range(7)))
    rig.turn(5)
    assert list(rig.ledger.dispositions()) == [f"S{number}/1" for number in range(7)]
    assert rig.topic.commits == {0: 7}


def test_a_full_batch_is_not_committed_before_it_is_accepted(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.turn()
    assert rig.topic.commits == {}
    rig.turn()
    assert rig.topic.commits == {0: 2}


def test_a_batch_that_is_not_full_waits_for_no_other(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.topic.commits == {0: 1}


def test_a_full_batch_that_does_nothing_waits_for_no_other(rig: Rig) -> None:
    rig.topic.feed(b"withdrawn S1 1", b"withdrawn S2 1")
    rig.turn()
    assert rig.topic.commits == {0: 2}


def test_a_status_that_does_nothing_cancels_what_the_batch_before_it_asks_for(rig: Rig) -> None:
    """Which is not in the ledger yet when it is decoded."""
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1", b"withdrawn S1 2")
    rig.turn(3)
    assert rig.ledger.student("north-high", "S1").desired_version == 2


def test_a_status_that_does_nothing_cancels_what_is_two_batches_before_it(rig: Rig) -> None:
    rig.topic.feed(*(b"enrolled S%d 1" % number for number in range(4)), b"withdrawn S3 2")
    rig.turn(4)
    assert rig.ledger.student("north-high", "S3").desired_version == 2


def test_what_is_read_ahead_waits_behind_a_batch_that_the_ledger_does_not_accept(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1", b"enrolled S1 2")
    rig.turn()
    rig.ledger.away = True
    rig.turn(2)
    assert rig.topic.commits == {}
    rig.ledger.away = False
    rig.turn(3)
    assert list(rig.ledger.dispositions()) == ["S1/1", "S2/1", "S1/2"]
    assert rig.topic.commits == {0: 3}


def test_what_is_read_ahead_of_a_partition_that_is_given_back_is_dropped(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.turn()
    rig.consumer.rebalance("revoke", 0)
    rig.turn(2)
    assert rig.ledger.dispositions() == {}
    assert rig.topic.commits == {}


def test_an_unknown_tenant_s_records_behind_a_batch_are_parked_in_their_turn() -> None:
    rig = Rig(batch_size=2, beside=decoded_first, park_unknown=600, new_tenants=["east"])
    rig.table = DecisionTable.of([tenant for tenant in rig.tenants() if tenant.id != "east"])
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1", b"east:enrolled S3 1", b"east:enrolled S3 2")
    rig.turn(2, seconds=1)
    rig.table = DecisionTable.of(rig.tenants())
    rig.turn(4)
    assert rig.ledger.waiting() == []
    assert rig.ledger.student("east", "S3").desired_version == 2


def test_a_batch_is_accepted_in_a_thread_beside_the_decoding() -> None:
    threads = list[str]()

    def note() -> str:
        threads.append(current_thread().name)
        return "accepted"

    assert OwnThread()(note, lambda: None) == "accepted"
    assert threads != [current_thread().name]


def test_what_the_transaction_raises_comes_after_the_decoding() -> None:
    done = list[str]()
    with pytest.raises(ZeroDivisionError):
        OwnThread()(lambda: 1 / 0, lambda: done.append("decoded"))
    assert done == ["decoded"]


def test_a_batch_holds_no_more_than_its_size(rig: Rig) -> None:
    rig.topic.feed(*(b"enrolled S%d 1" % number for number in range(9)))
    rig.turn(7)
    batches = rig.metrics.registry.get_sample_value("provisioner_intake_batch_records_count")
    assert batches == 5
    assert list(rig.ledger.dispositions().values()) == [Disposition.PENDING] * 9
