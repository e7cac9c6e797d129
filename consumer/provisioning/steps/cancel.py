"""Cancel: an account whose deletion was asked for is not to be deleted any more.

The appointment goes at once. Where the account was deleted, or may have been, what comes next waits until replicas show what became of it,
and no attempt to delete it can still be carried out. One that is there all the same is known as suspended from then on: the attempt was not
carried out, or people have restored the account.
"""

from dataclasses import replace

from consumer.errors import not_known_yet
from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import AccountState
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import deletion_cancelled
from consumer.provisioning.steps.look import look_at
from consumer.provisioning.steps.notice import forgotten


async def ensure_cancelled(case: Case) -> None:
    """Returns when nothing deletes the account any more. Raises `RetryLater` while an earlier deletion may still be carried out."""
    account = case.account
    if account is not None and account.delete_at is not None:
        news = [deletion_cancelled(case)] if case.standing is not None else []
        kept = replace(account, delete_at=None, notice_at=None, noticed_for=None)
        await case.effects.commit([SaveAccount(kept), *forgotten(case), *news], Point.DELETION_CANCELLED)
    if (left := case.settles_in(StepName.DELETE)) is not None:
        raise not_known_yet("The account was deleted a moment ago, or may be yet.", left)
    account = case.account
    if account is None or account.object_id is None or account.state is not AccountState.DELETED:
        return
    if await look_at(case, account, StepName.DELETE) is not None:
        case.effects.later([SaveAccount(replace(account, state=AccountState.SUSPENDED))], Point.DELETION_CANCELLED)
