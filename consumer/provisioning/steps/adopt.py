"""Taking an account that carries the student's marker, and that the ledger does not know, as the student's: only where all of it fits.

Never taken, whatever marker it carries: an administrator's account, a guest's, one that is written on the institution's premises and only
copied here, one in a domain that is not the tenant's. One whose sign-in is blocked is taken once it is unblocked. Roles are asked for only
here, when an account is about to be taken; where they cannot be read, it is not.
"""

from collections.abc import Sequence
from dataclasses import replace

from consumer.errors import Hold, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import Account, AccountState, StepState
from consumer.ledger.port.writes import DestroyCredential, EndStep, SaveAccount, Write
from consumer.providers.port import Found
from consumer.provisioning.case import Case


async def our_accounts(case: Case, *, ahead_of: str | None = None) -> list[Found]:
    """The accounts that carry the student's marker: one that lives, or several that are all deleted, or none.

    `ahead_of`: as for `Effects.ask`. Raises `Hold` where several live: which of them is the student's is not for us to say.
    """
    mark = case.own_marker
    found = await case.effects.ask(
        StepName.CREATE, case.service, lambda t: case.directory.find_marked(mark, timeout=t), ahead_of=ahead_of
    )
    ours = [one for one in found if one.marker == mark]
    live = [one for one in ours if not one.deleted]
    if len(live) > 1:
        raise Hold("Several accounts carry this student's marker.", reason=Reason.ACCOUNT_CONFLICT)
    return live or ours


async def adopt(case: Case, account: Account, found: Found, origin: Origin, *, explained: bool) -> None:
    """Takes the account. `explained`: an attempt of ours with an unknown outcome would have created exactly this account.

    Raises `Hold` where it is none that may be taken.
    """
    refuse_foreign(case, found)
    if case.wants_account and not case.blocked_by_us:
        refuse_disabled(found)
    await refuse_privileged(case, found)
    taken = standing(account, found, origin)
    done = EndStep(case.provider, StepName.CREATE, StepState.DONE)
    writes: list[Write] = [done, SaveAccount(taken), *(mail_wanted(case) if origin is Origin.CREATED else ())]
    if origin is not Origin.CREATED or account.generation > 0 or not explained:
        # Its password was never ours, or attempts had several, or an account hidden by replication lag was in the way: a mail must not
        # contain a password that may be wrong.
        writes.append(DestroyCredential(case.provider))
    await case.effects.commit(writes, Point.ACCOUNT_ADOPTED)


def refuse_foreign(case: Case, found: Found) -> None:
    """Raises `Hold` where the account itself shows that it must be left alone."""
    if found.synchronised:
        raise Hold(
            "The account that carries the marker is synchronised from the institution's own directory, and not writable here.",
            reason=Reason.SYNCHRONISED_ACCOUNT,
        )
    if found.guest:
        raise Hold("The account that carries the marker is a guest's.", reason=Reason.GUEST_ACCOUNT)
    if found.address.rpartition("@")[2] != case.tenant.addresses.domain:
        raise Hold(
            "The account that carries the marker is in a domain that is not the tenant's.",
            reason=Reason.ACCOUNT_CONFLICT,
        )


def refuse_disabled(found: Found) -> None:
    """Raises `Hold` where the account's sign-in is blocked: that may be on purpose, and an outcome must not announce it."""
    if not found.enabled:
        raise Hold(
            "The account's sign-in is blocked at the provider. Unblock it there.",
            reason=Reason.ACCOUNT_DISABLED,
        )


async def refuse_privileged(case: Case, found: Found) -> None:
    """Raises `Hold` where the account holds an administrator's role, or may take one on, or its roles cannot be read."""
    privileged = await case.effects.ask(
        StepName.CREATE,
        case.service,
        lambda t: case.directory.is_privileged(found.object_id, timeout=t),
        part="roles",
    )
    if privileged:
        raise Hold("The account holds an administrator's role.", reason=Reason.PRIVILEGED_ACCOUNT)


def standing(account: Account, found: Found, origin: Origin) -> Account:
    """The account's row once it is known to exist. One that we had deleted comes back as it was suspended."""
    state = account.state
    if state is AccountState.DELETED:
        state = AccountState.ACTIVE if origin is Origin.CREATED else AccountState.SUSPENDED
    return replace(
        account,
        object_id=found.object_id,
        address=found.address,
        origin=origin,
        marker=found.marker or account.marker,
        state=state,
    )


def mail_wanted(case: Case) -> Sequence[Write]:
    """With an account that was created anew: the mail of the one before it is of no use."""
    step = case.step(StepName.WELCOME)
    sent = step is not None and step.state is StepState.DONE
    return [EndStep(case.provider, StepName.WELCOME, StepState.RETRYABLE)] if sent else []
