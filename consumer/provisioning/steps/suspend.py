"""Suspend: no one can sign in to the account, and the provider shows it.

look at it ──not there: deleted?──▶ given up: there is nothing to block
   │       ──blocked already, and never by us──▶ left as it is: what people have blocked, people open again
   ▼
block the sign-in, in a call that changes nothing else
   ▼
look again ──still open──▶ later; in the end a person must look

That we have blocked it is written down with the intent, so that a later event may open it again whatever becomes of the answer.
"""

from dataclasses import replace
from functools import partial

from consumer.errors import NotYet, Reason
from consumer.events import StepName
from consumer.failpoints import SUSPEND
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.delete import record_deleted, refuse_hidden
from consumer.provisioning.steps.look import look_at, look_before_change, refuse_missing


async def ensure_suspended(case: Case) -> None:
    """Returns when the account, if there is one, is shown as blocked. Raises `Hold` where a person must look."""
    account = case.standing
    if account is None:
        return
    found = await look_before_change(case, account, StepName.SUSPEND)
    if found is None and case.deletes_account:
        await refuse_hidden(case, account)
        record_deleted(case, account)
    elif found is None:
        await refuse_missing(case, account)
    elif _is_missing(case, account, found):
        await _block(case, account, found.object_id)
    elif found.enabled:
        raise _not_visible()


def _is_missing(case: Case, account: Account, found: Found) -> bool:
    """A replica that lags is no reason to write again; a reactivation that was carried out late is, or one by hand that was reconciled."""
    if case.done(StepName.SUSPEND):
        return found.enabled and (case.revisits or case.was_lost(StepName.REACTIVATE))
    return not _by_others(case, account, found)


def _by_others(case: Case, account: Account, found: Found) -> bool:
    """A replica that lags may still show a suspension that we have lifted."""
    touched = case.step(StepName.SUSPEND) or case.step(StepName.REACTIVATE)
    return not found.enabled and account.state is AccountState.ACTIVE and touched is None


async def _block(case: Case, account: Account, object_id: str) -> None:
    await change(
        case,
        StepName.SUSPEND,
        SUSPEND,
        partial(case.directory.suspend, object_id),
        part="suspensions",
        request=f"suspend/{object_id}",
        before=[SaveAccount(replace(account, state=AccountState.SUSPENDED, revisit=False))],
    )
    shown = await look_at(case, account, StepName.SUSPEND)
    if shown is None or shown.enabled:
        raise _not_visible()


def _not_visible() -> NotYet:
    return NotYet("The provider does not show the suspension yet.", reason=Reason.CHANGE_NOT_VISIBLE)
