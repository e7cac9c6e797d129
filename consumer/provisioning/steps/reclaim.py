"""Reclaim: an account that was handed to the institution is not written to again before a person has adopted it."""

from dataclasses import replace

from consumer.errors import Hold, Reason, not_known_yet
from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.steps.look import look_at


async def ensure_reclaimed(case: Case) -> None:
    """Returns where the account carries our marker: it was never taken off, or a person has put it back.

    Raises `Hold` (ACCOUNT_RELEASED) where it does not, `RetryLater` while a release may still be carried out.
    """
    account = case.account
    if account is None or account.state is not AccountState.RELEASED:
        return
    found = await look_at(case, account, StepName.CREATE)
    if found is None or found.marker is None:
        raise Hold(
            "The account was handed to the institution. Adopt it, for this service to write to it again.",
            reason=Reason.ACCOUNT_RELEASED,
        )
    if (left := case.settles_in(StepName.RELEASE)) is not None:
        raise not_known_yet("The account was released a moment ago, or may be yet.", left)
    # A sign-in that is blocked now was not blocked by this service.
    case.effects.later([SaveAccount(replace(account, state=AccountState.ACTIVE))], Point.ACCOUNT_ADOPTED)
