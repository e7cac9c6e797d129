"""Accepting events: each once, the newest version wins, and no one writes for a partition that is no longer theirs."""

from dataclasses import replace

import pytest

from consumer.errors import Fenced
from consumer.events import StudentStatusChanged
from consumer.ledger.port.inbox import FROM_BEGINNING, Disposition
from consumer.ledger.port.writes import Settle
from tests.ledger.conftest import TOPIC, Given, Ledger, arrival, cancellation, event

PENDING, SUPERSEDED = Disposition.PENDING, Disposition.SUPERSEDED
DUPLICATE, REUSED = Disposition.DUPLICATE, Disposition.REUSED_ID
SKIPPED = Disposition.SKIPPED


def test_an_event_is_accepted(given: Given) -> None:
    assert given.accept(event()) == [PENDING]


def test_the_same_event_again_is_a_duplicate(given: Given) -> None:
    given.accept(event())
    assert given.accept(event()) == [DUPLICATE]


def test_the_same_event_twice_in_a_batch_is_a_duplicate(given: Given) -> None:
    assert given.accept(event(), event()) == [PENDING, DUPLICATE]


def test_an_event_id_with_other_content_is_reused(given: Given) -> None:
    given.accept(event())
    assert given.accept(event(family="Bianchi")) == [REUSED]


def test_a_reused_id_in_one_batch_is_distinguished_from_a_duplicate(given: Given) -> None:
    assert given.accept(event(), event(family="Bianchi")) == [PENDING, REUSED]


def test_the_same_id_at_another_tenant_is_another_event(given: Given) -> None:
    assert given.accept(event(), event(tenant_id="south")) == [PENDING, PENDING]


def test_of_several_versions_in_a_batch_the_newest_wins(given: Given) -> None:
    answers = given.accept(event("e1", version=1), event("e3", version=3), event("e2", version=2))
    assert answers == [SUPERSEDED, PENDING, SUPERSEDED]


def test_an_older_version_that_comes_late_is_superseded(given: Given) -> None:
    given.accept(event("e3", version=3))
    assert given.accept(event("e1", version=1)) == [SUPERSEDED]


def test_an_equal_version_does_not_win(given: Given) -> None:
    given.accept(event("e1", version=1))
    assert given.accept(event("e2", version=1)) == [SUPERSEDED]


def test_of_equal_versions_in_a_batch_the_first_wins(given: Given) -> None:
    students = [f"s{number}" for number in range(20)]
    pairs = [event(f"{student}/{turn}", student_id=student, version=1) for student in students for turn in ("a", "b")]
    assert given.accept(*pairs) == [PENDING, SUPERSEDED] * len(students)


def test_an_earlier_event_stays_pending_until_its_student_is_settled(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    given.accept(event("e2", version=2))
    assert ledger.dispositions() == {"e1": PENDING, "e2": PENDING}


def test_a_partition_that_was_taken_over_is_fenced(given: Given, ledger: Ledger) -> None:
    ledger.inbox.own(TOPIC, [0], owner="another")
    with pytest.raises(Fenced):
        given.accept(event())
    assert ledger.dispositions() == {}


def test_one_fenced_partition_keeps_the_whole_batch_out(given: Given, ledger: Ledger) -> None:
    ledger.inbox.own(TOPIC, [1], owner="another")
    batch = [arrival(event("e1"), partition=0), arrival(event("e2", student_id="s2"), partition=1)]
    with pytest.raises(Fenced):
        ledger.inbox.accept(batch, epochs=given.epochs)
    assert ledger.dispositions() == {}


def test_the_epoch_rises_with_every_owner(given: Given, ledger: Ledger) -> None:
    before = given.epochs[TOPIC, 0]
    assert ledger.inbox.own(TOPIC, [0], owner="next")[0].epoch > before


def with_attributes(*names: str) -> StudentStatusChanged:
    one = event()
    student = one.student.model_dump() | {"attributes": dict.fromkeys(names, "x")}
    return StudentStatusChanged.model_validate(one.model_dump() | {"student": student})


def test_another_order_of_attributes_is_the_same_event(given: Given) -> None:
    given.accept(with_attributes("house", "year"))
    assert given.accept(with_attributes("year", "house")) == [DUPLICATE]


def test_other_bytes_of_the_same_event_are_the_same_event(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    again = replace(arrival(event()), value=b"written with another schema id")
    assert ledger.inbox.accept([again], epochs=given.epochs) == [DUPLICATE]


# --- events that ask for nothing


def test_an_event_that_asks_for_nothing_leaves_no_trace_where_nothing_is_open(given: Given, ledger: Ledger) -> None:
    assert ledger.inbox.accept([cancellation(event())], epochs=given.epochs) == [SKIPPED]
    assert ledger.dispositions() == {}


async def test_an_event_that_asks_for_nothing_leaves_no_trace_where_all_is_settled(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event("e1"))
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Settle(1, Disposition.APPLIED, 60)])
    assert ledger.inbox.accept([cancellation(event("e2", version=2))], epochs=given.epochs) == [SKIPPED]
    assert ledger.dispositions() == {"e1": Disposition.APPLIED}


async def test_a_newer_event_that_asks_for_nothing_becomes_what_is_wanted(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    assert ledger.inbox.accept([cancellation(event("e2", version=2))], epochs=given.epochs) == [PENDING]
    job = await given.claim_one()
    assert (job.desired.event.event_id, job.desired.providers) == ("e2", ())
    await ledger.work.commit(job.lease, [Settle(2, Disposition.APPLIED, 60)])
    assert ledger.dispositions() == {"e1": SUPERSEDED, "e2": Disposition.APPLIED}


def test_an_older_event_that_asks_for_nothing_leaves_no_trace(given: Given, ledger: Ledger) -> None:
    given.accept(event("e2", version=2))
    assert ledger.inbox.accept([cancellation(event("e1", version=1))], epochs=given.epochs) == [SKIPPED]
    assert ledger.dispositions() == {"e2": PENDING}


def test_what_is_cancelled_may_have_come_before_in_the_same_batch(given: Given, ledger: Ledger) -> None:
    batch = [arrival(event("e1", version=1)), cancellation(event("e2", version=2))]
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [PENDING, PENDING]
    assert ledger.inbox.accept([arrival(event("e0", version=1))], epochs=given.epochs) == [SUPERSEDED]


@pytest.mark.parametrize("together", [True, False])
def test_what_comes_later_is_not_cancelled_in_one_batch_as_in_several(
    given: Given, ledger: Ledger, *, together: bool
) -> None:
    batch = [cancellation(event("e2", version=2)), arrival(event("e1", version=1))]
    found = [
        ledger.inbox.accept(part, epochs=given.epochs) for part in ([batch] if together else [[one] for one in batch])
    ]
    assert [disposition for part in found for disposition in part] == [SKIPPED, PENDING]


def test_what_cancels_and_came_first_cancels_what_was_open_before(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    batch = [cancellation(event("e3", version=3)), arrival(event("e2", version=2))]
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [PENDING, SUPERSEDED]


def test_what_is_wanted_again_in_the_same_batch_is_not_cancelled(given: Given, ledger: Ledger) -> None:
    batch = [
        arrival(event("e1", version=1)),
        cancellation(event("e2", version=2)),
        arrival(event("e3", version=3)),
    ]
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [SUPERSEDED, SKIPPED, PENDING]


def test_of_several_events_that_cancel_the_newest_does(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    batch = [cancellation(event("e2", version=2)), cancellation(event("e3", version=3))]
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [SKIPPED, PENDING]


def test_what_cancelled_is_a_duplicate_when_it_comes_again(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    batch = [cancellation(event("e2", version=2))]
    ledger.inbox.accept(batch, epochs=given.epochs)
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [DUPLICATE]


def test_what_cancelled_is_itself_superseded_by_a_newer_event(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    ledger.inbox.accept([cancellation(event("e2", version=2))], epochs=given.epochs)
    assert given.accept(event("e3", version=3)) == [PENDING]


def test_another_student_s_work_is_not_cancelled(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", student_id="s1"))
    batch = [cancellation(event("e2", student_id="s2", version=2))]
    assert ledger.inbox.accept(batch, epochs=given.epochs) == [SKIPPED]


async def test_tenants_have_open_work_until_it_is_settled(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("x", tenant_id="south"))
    assert ledger.inbox.tenants_with_open_work(["north", "east"]) == {"north"}
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Settle(1, Disposition.FAILED, 60)])
    assert ledger.inbox.tenants_with_open_work(["north", "east"]) == frozenset()


# --- offsets


def next_offset(ledger: Ledger, partition: int = 0) -> int | None:
    return ledger.inbox.own(TOPIC, [partition], owner="next")[partition].next_offset


def test_a_partition_that_the_ledger_has_never_seen_is_known_from_its_beginning(given: Given, ledger: Ledger) -> None:
    del given
    assert ledger.inbox.own(TOPIC, [7], owner="me")[7].next_offset == FROM_BEGINNING
    assert ledger.inbox.own(TOPIC, [7], owner="me")[7].next_offset == FROM_BEGINNING


def test_a_batch_s_next_offsets_are_kept_with_it(given: Given, ledger: Ledger) -> None:
    offsets = {(TOPIC, 0): 5, (TOPIC, 1): 9}
    ledger.inbox.accept([arrival(event(), offset=3)], epochs=given.epochs, offsets=offsets)
    assert (next_offset(ledger, 0), next_offset(ledger, 1)) == (5, 9)


def test_next_offsets_are_kept_where_nothing_was_accepted(given: Given, ledger: Ledger) -> None:
    ledger.inbox.store_offsets({(TOPIC, 0): 5}, epochs=given.epochs)
    assert next_offset(ledger) == 5


def test_a_batch_without_offsets_leaves_them_as_they_are(given: Given, ledger: Ledger) -> None:
    ledger.inbox.store_offsets({(TOPIC, 0): 5}, epochs=given.epochs)
    given.accept(event())
    assert next_offset(ledger) == 5


def test_an_owner_that_lost_a_partition_keeps_no_offsets_of_it(given: Given, ledger: Ledger) -> None:
    ledger.inbox.own(TOPIC, [0], owner="another")
    with pytest.raises(Fenced):
        ledger.inbox.store_offsets({(TOPIC, 0): 5, (TOPIC, 1): 5}, epochs=given.epochs)
    assert (next_offset(ledger, 0), next_offset(ledger, 1)) == (FROM_BEGINNING, FROM_BEGINNING)


def test_a_batch_is_refused_where_the_ledger_has_lost_what_it_had(given: Given, ledger: Ledger) -> None:
    ledger.inbox.store_offsets({(TOPIC, 0): 5}, epochs=given.epochs)
    with pytest.raises(Fenced):
        ledger.inbox.accept([arrival(event(), offset=9)], epochs=given.epochs, stored={(TOPIC, 0): 9})
    assert ledger.dispositions() == {}


def test_a_ledger_that_has_more_than_it_was_known_to_have_takes_a_batch(given: Given, ledger: Ledger) -> None:
    ledger.inbox.store_offsets({(TOPIC, 0): 9}, epochs=given.epochs)  # its answer was lost
    offsets, stored = {(TOPIC, 0): 10}, {(TOPIC, 0): 5}
    accepted = ledger.inbox.accept([arrival(event(), offset=9)], epochs=given.epochs, offsets=offsets, stored=stored)
    assert (accepted, next_offset(ledger)) == ([PENDING], 10)


def test_offsets_are_refused_where_the_ledger_has_lost_what_it_had(given: Given, ledger: Ledger) -> None:
    ledger.inbox.store_offsets({(TOPIC, 0): 5}, epochs=given.epochs)
    with pytest.raises(Fenced):
        ledger.inbox.store_offsets({(TOPIC, 0): 12}, epochs=given.epochs, stored={(TOPIC, 0): 9})
    assert next_offset(ledger) == 5
