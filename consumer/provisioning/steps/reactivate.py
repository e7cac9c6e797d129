"""Reactivate: opens the sign-in of an account that this service has blocked.

An account that people have blocked stays so: it may have been on purpose.
"""

from dataclasses import replace
from functools import partial

from consumer.errors import NotYet, Reason
from consumer.events import StepName
from consumer.failpoints import REACTIVATE
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.steps.adopt import refuse_disabled
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.look import look_at, look_before_change


async def ensure_reactivated(case: Case) -> None:
    """Returns when the account is shown as open. Raises `Hold` where people have blocked it."""
    account = case.standing
    if account is None:
        return
    found = await look_before_change(case, account, StepName.REACTIVATE)
    if found is None:
        raise NotYet("The account cannot be found at the provider.")
    if found.enabled and account.state is AccountState.ACTIVE:
        return
    if case.done(StepName.REACTIVATE) and not case.was_lost(StepName.SUSPEND):
        raise _not_visible()
    if not case.blocked_by_us:
        refuse_disabled(found)
    await _open(case, account, found.object_id)


async def _open(case: Case, account: Account, object_id: str) -> None:
    opened = replace(account, state=AccountState.ACTIVE)
    await change(
        case,
        StepName.REACTIVATE,
        REACTIVATE,
        partial(case.directory.reactivate, object_id),
        part="suspensions",
        request=f"reactivate/{object_id}",
        then=[SaveAccount(opened)],
    )
    shown = await look_at(case, opened, StepName.REACTIVATE)
    if shown is None or not shown.enabled:
        raise _not_visible()


def _not_visible() -> NotYet:
    return NotYet("The provider does not show the reactivation yet.", reason=Reason.CHANGE_NOT_VISIBLE)
