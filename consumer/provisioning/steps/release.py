"""Release: the account is the institution's own. Our marker is taken off it, and nothing is written to it from then on.

look at it ──without a marker already──▶ released
   │       ──deleted──▶ given up: there is nothing to hand over
   │       ──a change of before may still be carried out──▶ later
   ▼
take the marker off
   ▼
look again ──still marked──▶ later

The release is recorded with the intent: actions of later events are held for a person (`reclaim`).
"""

from dataclasses import replace
from functools import partial

from consumer.errors import NotYet, Reason, not_known_yet
from consumer.events import StepName
from consumer.failpoints import RELEASE, Point
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.look import look_at, refuse_missing, refuse_unwritable

_HARMLESS = {StepName.RELEASE, StepName.WELCOME, StepName.NOTICE}
"""Steps that may be carried out after a release."""


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
        _refuse_while_written(case)
        await _release(case, account, found.object_id)
    if account.state is not AccountState.RELEASED:
        case.effects.later([SaveAccount(_released(account))], Point.ACCOUNT_REPORTED)


def _refuse_while_written(case: Case) -> None:
    """Raises `RetryLater` while a call with an unknown outcome could still change the account once it is the institution's."""
    left = [case.may_turn_up(name) for name in StepName if name not in _HARMLESS]
    if longest := max((one for one in left if one is not None), default=None):
        raise not_known_yet("An earlier change of the account may still be carried out.", longest)


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
