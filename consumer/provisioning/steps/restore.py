"""Restore: a deleted account of ours is brought back, by `create`, under the object id and with the address that it had.

Replicas may hide a restored account for a while: no search finds it, among the living or the deleted. The provider would let us make
another beside it then, and a suspension would find nothing to suspend. A restoration is refused too where the account was restored a
moment ago, so that a refusal proves nothing until replicas have had time to show it.
"""

from dataclasses import replace
from hashlib import sha256

from consumer.errors import NotYet, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import RESTORE
from consumer.ledger.port.student import Account, AccountState, Step, StepState
from consumer.ledger.port.writes import DestroyCredential, SaveAccount
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.steps.address import new_account
from consumer.provisioning.steps.adopt import adopt, refuse_foreign
from consumer.provisioning.steps.look import look_at

_RESTORATION = b"restore/"
"""With which the request hash of a restoration begins, so that it is never taken for a creation's."""


async def restore(case: Case, account: Account, found: Found) -> None:
    """Returns when `case.account` is the restored account. Raises `NotYet` while it is not shown, `Hold` where it must be left alone."""
    refuse_foreign(case, found)
    _refuse_to_repeat(case, found)
    await case.effects.step(
        case.provider,
        StepName.CREATE,
        RESTORE,
        service=case.service,
        part="restore",
        request_hash=restoration_hash(found),
        call=lambda t: case.directory.restore(found.object_id, org_unit=new_account(account).org_unit, timeout=t),
        then=lambda _: [DestroyCredential(case.provider)],
        before=[SaveAccount(account)],
        uncertain=case.uncertain(StepName.CREATE),
    )
    # Roles are readable on live accounts only. Until they are read, the ledger does not have the account as ours, and no step uses it.
    restored = await look_at(case, replace(account, object_id=found.object_id), StepName.CREATE)
    if restored is None:
        raise NotYet("The account was restored, and is not shown yet.")
    await adopt(case, account, restored, Origin.RESTORED, explained=False)


def _refuse_to_repeat(case: Case, found: Found) -> None:
    """Raises `NotYet` where the account has just been restored, or was found to be no deleted one any more, and is still shown as that."""
    step = _newest(case)
    if step is None or step.request_hash != restoration_hash(found) or not _is_recent(case, step):
        return
    if step.state is StepState.DONE or step.reason is Reason.ACCOUNT_MISSING:
        raise NotYet("The account is shown as deleted, and was restored a moment ago.")


def restoration_hash(found: Found) -> bytes:
    """The request hash of bringing this account back."""
    return _RESTORATION + sha256(found.object_id.encode()).digest()


def refuse_beside_hidden(case: Case) -> None:
    """Before a creation. Raises `NotYet` where the ledger knows the account, which was found deleted a moment ago, or where the newest
    attempt may have restored it."""
    known = case.job.accounts.get(case.provider)
    if known is not None and known.object_id is not None and known.state is not AccountState.DELETED:
        raise NotYet("The account is deleted, and not shown among the deleted ones any more.")
    step = _newest(case)
    if step is None:
        return
    if case.uncertain(StepName.CREATE) or step.state is StepState.DONE:
        raise NotYet("The account that was to be restored is not visible yet.")
    refuse_while_hidden(case)


def refuse_while_hidden(case: Case) -> None:
    """Raises `NotYet` where a restoration that was done or refused was begun less than `verify_after` ago. One whose outcome is unknown
    has its verification."""
    step = _newest(case)
    if step is not None and not case.uncertain(StepName.CREATE) and _is_recent(case, step):
        raise NotYet("The account may have been restored a moment ago, and not be visible yet.")


def _is_recent(case: Case, step: Step) -> bool:
    """Whether replicas may still be behind it."""
    return case.lag_left(step.started_at) is not None


def _newest(case: Case) -> Step | None:
    """The newest attempt, where it was a restoration."""
    step = case.step(StepName.CREATE)
    return step if step is not None and step.request_hash.startswith(_RESTORATION) else None
