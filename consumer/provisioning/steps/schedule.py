"""Schedule: when the suspended account is deleted."""

from collections.abc import Sequence
from dataclasses import replace

from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import SaveAccount, Write
from consumer.policy.deletion import deletion_at, is_same_day, notice_at
from consumer.provisioning.case import Case
from consumer.provisioning.steps.notice import forgotten


async def ensure_scheduled(case: Case) -> None:
    """Leaves the appointment for the next commit. Raises `Hold` (INVALID_DATE) where the student's own date cannot be read."""
    account = case.standing
    if account is None:
        return
    wanted = case.tenant.deletion
    at = deletion_at(wanted, case.student, now=case.now(), scheduled=account.delete_at)
    noticed_for = None
    if is_same_day(account.delete_at, at) and not _was_refused(case):
        noticed_for = account.noticed_for
    if account.delete_at is not None and is_same_day(noticed_for, at):
        at = account.delete_at  # sooner would leave readers less time than they were given
    due = notice_at(wanted, at, noticed_for)
    scheduled = replace(account, delete_at=at, notice_at=due, noticed_for=noticed_for)
    if scheduled != account:
        case.effects.later([SaveAccount(scheduled), *_moved(case, account, scheduled)], Point.DELETION_SCHEDULED)


def _was_refused(case: Case) -> bool:
    """Whether an earlier event's notice was rejected permanently: this event may bring another address."""
    step = case.step(StepName.NOTICE)
    return step is not None and step.state is StepState.FAILED and step.version < case.version


def _moved(case: Case, before: Account, after: Account) -> Sequence[Write]:
    return () if is_same_day(before.delete_at, after.delete_at) else forgotten(case)
