"""Release: the account is the institution's own. Our marker is taken off it, and nothing is written to it from then on.

look at it ──without a marker already──▶ released
   │       ──deleted──▶ given up: there is nothing to hand over
   ▼
take the marker off
   ▼
look again ──still marked──▶ later

The release is recorded with the intent: actions of later events are held for a person (`reclaim`).
"""

from dataclasses import replace
from functools import partial

from consumer.errors import NotYet, Reason
from consumer.events import StepName
from consumer.failpoints import RELEASE, Point
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.look import look_at, refuse_missing, refuse_unwritable


async def ensure_released(case: Case) -> None:
    """Returns when the account, if there is one, is shown without our marker. Raises `Hold` where a person must look."""
    account = case.account
    if account is None or account.object_id is None or account.state is AccountState.DELETED:
        return
    found = await look_at(case, account, StepName.RELEASE)
    if found is None:
        await refuse_missing(case, account)
    elif found.marker is not None:
        if case.done(StepName.RELEASE):
            raise _not_visible()
        await refuse_unwritable(case, found)
        await _release(case, account, found.object_id)
    if account.state is not AccountState.RELEASED:
        case.effects.later([SaveAccount(_released(account))], Point.ACCOUNT_REPORTED)


async def _release(case: Case, account: Account, object_id: str) -> None:
    await change(
        case,
        StepName.RELEASE,
        RELEASE,
        partial(case.directory.release, object_id),
        part="markers",
        request=f"release/{object_id}",
        before=[SaveAccount(_released(account))],
    )
    shown = await look_at(case, account, StepName.RELEASE)
    if shown is None or shown.marker is not None:
        raise _not_visible()


def _released(account: Account) -> Account:
    return replace(account, state=AccountState.RELEASED, revisit=False)


def _not_visible() -> NotYet:
    return NotYet("The provider still shows the marker of the released account.", reason=Reason.CHANGE_NOT_VISIBLE)
