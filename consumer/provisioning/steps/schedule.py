"""Schedule: when the suspended account is deleted."""

from dataclasses import replace

from consumer.failpoints import Point
from consumer.ledger.port.writes import SaveAccount
from consumer.policy.deletion import deletion_at
from consumer.provisioning.case import Case


async def ensure_scheduled(case: Case) -> None:
    """Leaves the appointment for the next commit. Raises `Hold` (INVALID_DATE) where the student's own date cannot be read."""
    account = case.standing
    if account is None:
        return
    at = deletion_at(case.tenant.deletion, case.student, now=case.now(), scheduled=account.delete_at)
    if at != account.delete_at:
        case.effects.later([SaveAccount(replace(account, delete_at=at))], Point.DELETION_SCHEDULED)
