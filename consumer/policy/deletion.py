"""When an account whose deletion was asked for is deleted, and when that is announced. Pure."""

from datetime import UTC, date, datetime, time, timedelta

from consumer.errors import Hold, Reason
from consumer.events import Student
from consumer.tenants import Deletion, DeletionNotice

_LEAD = timedelta(days=1)


def deletion_at(wanted: Deletion, student: Student, *, now: datetime, scheduled: datetime | None) -> datetime:
    """The time of the deletion; `scheduled` is the one that an earlier event has brought about, which a repeat does not put off.

    Raises `Hold` (INVALID_DATE) where the student's attribute is no date: a guess could delete too early.
    """
    grace = timedelta(days=wanted.grace)
    not_before = _end_of(wanted, student)
    if not_before is None:
        return now + grace if scheduled is None else scheduled
    return max(now + grace if scheduled is None else min(scheduled, now + grace), not_before)


def notice_at(wanted: Deletion, delete_at: datetime | None, noticed_for: datetime | None) -> datetime | None:
    """When the deletion at `delete_at` is announced; None where it is not. `noticed_for` is the one for which that was done: a deletion
    that is moved within its day (UTC) is not announced again.
    """
    if wanted.notice is None or delete_at is None or is_same_day(noticed_for, delete_at):
        return None
    return delete_at - timedelta(days=wanted.notice.days)


def is_same_day(one: datetime | None, other: datetime | None) -> bool:
    """Whether both are times of the same day (UTC)."""
    return one is not None and other is not None and one.astimezone(UTC).date() == other.astimezone(UTC).date()


def lead(notice: DeletionNotice) -> timedelta:
    """How long readers have at the least, between the acceptance of the notice and the deletion."""
    return min(_LEAD, timedelta(days=notice.days) / 2)


def _end_of(wanted: Deletion, student: Student) -> datetime | None:
    """The end of the day that the student's attribute names."""
    text = student.attributes.get(wanted.date_attribute or "", "").strip()
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Hold(
            "The attribute with the date of the deletion has no date of the form YYYY-MM-DD.",
            reason=Reason.INVALID_DATE,
        ) from None
