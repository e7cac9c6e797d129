"""I27: a deletion is announced before it is carried out, and once."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from consumer.events import Provider
from consumer.mail.message_id import message_id
from proof.history import Call, Operation
from tests.proof.checker.test_deletions import DUE, deleted
from tests.proof.histories import ADDRESS, STUDENT, TENANT, Story, call, step

DAY = datetime.fromtimestamp(DUE, UTC).date()


def notice(number: float, *, version: int = 2, **other: Any) -> Call:
    """The mail that announces the deletion of S1's account."""
    ident = message_id("deletion", TENANT, STUDENT, Provider.MICROSOFT, f"{version}/{DAY}", domain="mail.example")
    whole = call(13, Operation.NOTICE, service="mailgun", address=ADDRESS, detail=ident, **other)
    return replace(whole, at=whole.at - 13 + number)


def announced(*notices: Call) -> Story:
    """The account was deleted, at 14 s, by an institution that announces deletions."""
    story = deleted()
    story.other["announces"] = frozenset({TENANT})
    story.calls[-1:-1] = notices
    request = sha256((notice(12).detail or "").encode()).digest()
    story.changes[-3:-3] = [
        replace(step(104, "notice", "started", request=request), at=story.changes[-4].at),
        replace(step(105, "notice", "done", request=request), at=story.changes[-4].at + 1),
    ]
    return story


def test_a_deletion_that_was_announced_before_is_right() -> None:
    assert "I27" not in announced(notice(12)).broken()


def test_one_that_was_not_is_found() -> None:
    assert "I27" in announced().broken()


def test_one_that_was_announced_afterwards_is_found() -> None:
    assert "I27" in announced(notice(20)).broken()


def test_a_mail_that_was_refused_announces_nothing() -> None:
    assert "I27" in announced(notice(12, status=400)).broken()


def test_unless_it_was_refused_for_good() -> None:
    story = announced(notice(12, status=400))
    story.changes.append(replace(step(106, "notice", "failed", request=b"mail"), at=story.changes[-5].at + 1))
    assert "I27" not in story.broken()


def test_where_no_deletion_is_announced_none_is_missed() -> None:
    story = announced()
    story.other["announces"] = frozenset[str]()
    assert "I27" not in story.broken()


def test_two_for_one_appointment_are_found_but_where_an_answer_was_lost() -> None:
    assert "I27" in announced(notice(12), notice(12.5)).broken()
    assert "I27" not in announced(notice(12, answered=False), notice(12.5)).broken()


def test_one_that_was_sent_for_an_earlier_appointment_may_be_accepted_late() -> None:
    assert "I27" not in announced(notice(11.9, version=1), notice(12.5)).broken()
