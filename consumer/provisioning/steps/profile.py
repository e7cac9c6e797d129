"""Profile: what the account says of the student follows the newest event: names, display name, preferred language.

What people have changed since stays: see `following`. What was written is kept in the account's body.
"""

from dataclasses import replace
from functools import partial

from consumer.errors import NotYet, Reason
from consumer.events import StepName
from consumer.failpoints import PROFILE
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import SaveAccount
from consumer.policy.profile import Profile, profile, written
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.following import to_write
from consumer.provisioning.steps.look import look_at, look_before_change


async def ensure_profile(case: Case) -> None:
    """Returns when the account, if there is one, says what the newest event does, but for what people have changed.

    Raises `GiveUp` where the provider refuses a name or the language.
    """
    account = case.standing
    if account is None:
        return
    wanted, last = profile(case.provider, case.student), written(case.provider, account.body)
    if wanted == last and not case.was_lost(StepName.PROFILE) and not case.profile_unseen(account):
        return
    case.refuse_if_failed(StepName.PROFILE)
    found = await look_before_change(case, account, StepName.PROFILE)
    if found is None:
        raise NotYet("The account cannot be found at the provider.")
    changes = to_write(case, StepName.PROFILE, wanted=wanted, written=last, shown=found.profile)
    as_wanted = {part: value for part, value in wanted.items() if part in changes or found.profile[part] == value}
    says = replace(account, body={**account.body, **as_wanted})
    if changes:
        await _write(case, says, found.object_id, changes)
    elif says != account:
        case.assume(says)


async def _write(case: Case, says: Account, object_id: str, changes: Profile) -> None:
    await change(
        case,
        StepName.PROFILE,
        PROFILE,
        partial(case.directory.update, object_id, changes),
        part="profiles",
        request=f"profile/{object_id}/{sorted(changes.items())}",
        then=[SaveAccount(says)],
    )
    shown = await look_at(case, says, StepName.PROFILE)
    if shown is None or any(shown.profile[part] != value for part, value in changes.items()):
        raise NotYet("The provider does not show the change yet.", reason=Reason.CHANGE_NOT_VISIBLE)
