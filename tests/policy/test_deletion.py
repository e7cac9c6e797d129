"""When an account is deleted: not before the grace is over, nor before the end of the student's own date."""

from datetime import UTC, datetime, timedelta

import pytest

from consumer.errors import Hold, Reason
from consumer.events import Student
from consumer.policy.deletion import deletion_at, lead, notice_at
from consumer.tenants import Deletion, DeletionNotice

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
AFTER_GRACE = NOW + timedelta(days=30)
WANTED = Deletion(grace=30, date_attribute="leaves_on")


def at(date: str | None = None, *, scheduled: datetime | None = None, now: datetime = NOW) -> datetime:
    attributes = {} if date is None else {"leaves_on": date}
    return deletion_at(WANTED, Student(student_id="S1", attributes=attributes), now=now, scheduled=scheduled)


def test_without_a_date_it_is_after_the_grace() -> None:
    assert at() == at("") == AFTER_GRACE


def test_the_end_of_a_later_date_is_waited_for() -> None:
    assert at("2026-09-30") == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("date", ["2026-07-02", "1926-07-01"])
def test_a_date_before_the_end_of_the_grace_does_not_shorten_it(date: str) -> None:
    assert at(date) == AFTER_GRACE


def test_a_repeat_does_not_put_it_off() -> None:
    assert at(scheduled=AFTER_GRACE, now=NOW + timedelta(days=5)) == AFTER_GRACE


def test_a_corrected_date_takes_effect() -> None:
    late, early = at("2026-12-31"), at("2026-08-15")
    assert at("2026-08-15", scheduled=late) == early
    assert at("2026-12-31", scheduled=early) == late


@pytest.mark.parametrize("date", ["30.09.2026", "soon", "2026-13-01", "9999-12-31"])
def test_what_is_no_date_waits_for_a_person(date: str) -> None:
    with pytest.raises(Hold) as held:
        at(date)
    assert held.value.reason is Reason.INVALID_DATE


DELETION = datetime(2026, 9, 30, 15, tzinfo=UTC)
ANNOUNCED = Deletion(notice=DeletionNotice(days=7))


def test_it_is_announced_so_many_days_before() -> None:
    assert notice_at(ANNOUNCED, DELETION, None) == DELETION - timedelta(days=7)


def test_once_for_a_day() -> None:
    assert notice_at(ANNOUNCED, DELETION, DELETION.replace(hour=1)) is None
    assert notice_at(ANNOUNCED, DELETION, DELETION - timedelta(days=1)) == DELETION - timedelta(days=7)


def test_never_where_that_is_not_wanted_or_nothing_is_deleted() -> None:
    assert notice_at(Deletion(), DELETION, None) is None
    assert notice_at(ANNOUNCED, None, None) is None


def test_readers_are_left_a_day_or_half_of_the_time_that_they_are_to_have() -> None:
    assert lead(DeletionNotice(days=7)) == timedelta(days=1)
    assert lead(DeletionNotice(days=1)) == timedelta(hours=12)
