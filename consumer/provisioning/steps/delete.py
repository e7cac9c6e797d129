"""Delete: the account goes, when its time has come. The provider keeps it restorable for a while.

look at it ──gone already, by us or by people──▶ deleted
   │       ──its sign-in is open: people want it──▶ held: a person must look
   │       ──without our marker, privileged, synchronised──▶ held
   ▼
delete it
   ▼
look again ──still shown──▶ later

The deletion is recorded with the intent, so that a later event may restore the account even if the answer is lost.
"""

from dataclasses import replace
from functools import partial

from consumer.errors import Hold, NotYet, Reason, not_known_yet
from consumer.events import StepName
from consumer.failpoints import DELETE, Point
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import deleted
from consumer.provisioning.planning import is_expired
from consumer.provisioning.steps.adopt import our_accounts
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.look import look_at, look_before_change
from consumer.provisioning.steps.notice import forgotten


async def ensure_deleted(case: Case) -> None:
    """Returns when the account is not shown any more, and that is reported. Raises `Hold` where a person must look."""
    account = case.account
    if account is None or account.object_id is None or not is_expired(account, case.now()):
        return  # where the notice was late, the deletion was put off
    if (left := case.may_turn_up(StepName.CREATE)) is not None:
        # It could make another account, once this one does not hold the address any more.
        raise not_known_yet("An earlier creation may still be carried out.", left)
    found = await look_before_change(case, account, StepName.DELETE)
    if found is not None and case.done(StepName.DELETE):
        raise _not_visible()
    if found is not None:
        _refuse_opened(case, found)
        await _delete(case, account, found.object_id)
    elif not case.done(StepName.DELETE):
        await refuse_hidden(case, account)
    record_deleted(case, account)


async def refuse_hidden(case: Case, account: Account) -> None:
    """For an account that is not shown. Raises `NotYet` where it is not among the deleted ones either: replicas may lag."""
    if not any(one.deleted and one.object_id == account.object_id for one in await our_accounts(case)):
        raise NotYet("The account cannot be found at the provider.")


def record_deleted(case: Case, account: Account) -> None:
    """Leaves the outcome for the next commit, together with the record of it."""
    gone = replace(
        account,
        state=AccountState.DELETED,
        delete_at=None,
        notice_at=None,
        noticed_for=None,
        revisit=False,
        announced_version=case.version,
        incomplete=False,
    )
    case.effects.later([SaveAccount(gone), *forgotten(case), deleted(case)], Point.ACCOUNT_REPORTED)


def _refuse_opened(case: Case, found: Found) -> None:
    if not found.enabled:
        return
    if case.may_lag(StepName.SUSPEND):
        raise NotYet("The provider does not show the suspension yet.", reason=Reason.CHANGE_NOT_VISIBLE)
    raise Hold(
        "The account was to be deleted, and its sign-in has been opened since by others.", reason=Reason.ACCOUNT_OPENED
    )


async def _delete(case: Case, account: Account, object_id: str) -> None:
    await change(
        case,
        StepName.DELETE,
        DELETE,
        partial(case.directory.delete, object_id),
        part="deletions",
        request=f"delete/{object_id}",
        before=[SaveAccount(replace(account, state=AccountState.DELETED))],
    )
    if await look_at(case, account, StepName.DELETE) is not None:
        raise _not_visible()


def _not_visible() -> NotYet:
    return NotYet("The provider still shows the deleted account.", reason=Reason.CHANGE_NOT_VISIBLE)
