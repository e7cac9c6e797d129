"""Accepting events: each once, the newest version wins, and nobody writes for a partition that is no longer theirs."""

import pytest

from consumer.errors import Fenced
from consumer.ledger.port import Disposition
from tests.ledger.conftest import TOPIC, Given, Ledger, arrival, event

PENDING, SUPERSEDED = Disposition.PENDING, Disposition.SUPERSEDED
DUPLICATE, REUSED = Disposition.DUPLICATE, Disposition.REUSED_ID


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


def test_a_reused_id_in_one_batch_is_told_from_a_duplicate(given: Given) -> None:
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
    ledger.inbox.own(TOPIC, [0], owner="somebody else")
    with pytest.raises(Fenced):
        given.accept(event())
    assert ledger.dispositions() == {}


def test_one_fenced_partition_keeps_the_whole_batch_out(given: Given, ledger: Ledger) -> None:
    ledger.inbox.own(TOPIC, [1], owner="somebody else")
    batch = [arrival(event("e1"), partition=0), arrival(event("e2", student_id="s2"), partition=1)]
    with pytest.raises(Fenced):
        ledger.inbox.accept(batch, epochs=given.epochs)
    assert ledger.dispositions() == {}


def test_the_epoch_rises_with_every_owner(given: Given, ledger: Ledger) -> None:
    before = given.epochs[TOPIC, 0]
    assert ledger.inbox.own(TOPIC, [0], owner="next")[0] > before
