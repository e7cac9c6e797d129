"""Step two: the account itself, at most one whatever happens.

look for our marker ──found──▶ adopt | restore
        │ nothing (proves nothing)
        ▼
create, always the same body ──▶ created
        │ "taken"
        ▼
whose is it? ──ours──▶ adopt      ──not visible yet──▶ later
        └──somebody else's──▶ refuse the address, take the next candidate
             (unless an earlier attempt is unknown and the holder is unmarked or stays invisible: that may be ours, so a person must look)
"""

from dataclasses import replace
from hashlib import sha256

from consumer.errors import AddressTaken, Hold, NotYet, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import CREATE, RESTORE, Point
from consumer.ledger.port import (
    Account,
    DestroyCredential,
    EndStep,
    RefuseAddress,
    SaveAccount,
    StepState,
    Write,
)
from consumer.providers.port import Found
from consumer.provisioning.address import body_hash, new_account, reserved
from consumer.provisioning.case import Case
from consumer.provisioning.password import sealed_password

_ADDRESSES_IN_ONE_GO = 8
_ATTEMPTS_UNTIL_VISIBLE = 8


async def ensure_created(case: Case) -> None:
    """Returns when `case.account` has an object id. Raises faults; none of them leaves a second account behind."""
    if case.account is not None and case.account.object_id is not None:
        return
    case.refuse_if_failed(StepName.CREATE)
    for _ in range(_ADDRESSES_IN_ONE_GO):
        account = await reserved(case)
        if not await _found_by_marker(case, account):
            _refuse_beside_a_restored_one(case, account)
            await _create(case, account)
        if (await reserved(case)).object_id is not None:
            return
    raise NotYet("Many addresses in a row were taken; the next candidates are tried later.")


async def our_accounts(case: Case, marker: str) -> list[Found]:
    """The accounts that carry the student's marker: one that lives, or several that are all deleted, or none.

    Raises `Hold` where several live: which of them is the student's is not for us to say.
    """
    found = await case.effects.ask(case.service, lambda t: case.directory.find_marked(marker, timeout=t))
    ours = [one for one in found if one.marker == marker]
    live = [one for one in ours if not one.deleted]
    if len(live) > 1:
        raise Hold("Several accounts carry this student's marker.", reason=Reason.ACCOUNT_CONFLICT)
    return live or ours


async def adopt(case: Case, account: Account, found: Found) -> None:
    """Takes an account with our marker as the student's. Raises `Hold` where it is an administrator's."""
    await _adopt(case, account, found, _origin(case, account, found), explained=case.uncertain(StepName.CREATE))


async def refuse_if_privileged(case: Case, found: Found) -> None:
    """Raises `Hold` where the account holds an administrator's role: it is left alone, whatever marker it carries."""
    if await case.effects.ask(case.service, lambda t: case.directory.is_privileged(found.object_id, timeout=t)):
        raise Hold("The account holds an administrator's role.", reason=Reason.PRIVILEGED_ACCOUNT)


async def _found_by_marker(case: Case, account: Account) -> bool:
    ours = await our_accounts(case, account.marker)
    if len(ours) > 1:
        raise Hold("Several deleted accounts carry this student's marker.", reason=Reason.ACCOUNT_CONFLICT)
    for one in ours:
        await (_restore if one.deleted else adopt)(case, account, one)
    return bool(ours)


def _refuse_beside_a_restored_one(case: Case, account: Account) -> None:
    """Whatever may have been restored has the address that it had, so that the provider would let us make another account."""
    if not case.uncertain(StepName.CREATE) or _was_last(case, body_hash(account)):
        return
    if case.job.attempt < _ATTEMPTS_UNTIL_VISIBLE:
        raise NotYet("The account that was to be restored is not visible yet.")
    raise Hold("The account that was to be restored can no longer be found.", reason=Reason.ACCOUNT_MISSING)


async def _create(case: Case, account: Account) -> None:
    request_hash = body_hash(account)
    uncertain = case.uncertain(StepName.CREATE) and _was_last(case, request_hash)
    if _was_last(case, request_hash) and not case.has_password(account.generation):
        # The sealed password has expired, and an attempt that bore it may still turn up: this one must be told apart.
        account = replace(account, generation=account.generation + 1)
    password, seal = sealed_password(case, account.generation)
    try:
        created = await case.effects.step(
            case.provider,
            StepName.CREATE,
            CREATE,
            service=case.service,
            request_hash=request_hash,
            call=lambda t: case.directory.create(new_account(account), password, timeout=t),
            then=lambda found: _created(case, account, found),
            before=[SaveAccount(account), *seal],
            uncertain=uncertain,
        )
    except AddressTaken:
        await _whose_is_it(case, account, uncertain=uncertain)
    else:
        case.account = _standing(account, created, Origin.CREATED)


def _created(case: Case, account: Account, found: Found) -> list[Write]:
    # Where nobody could tell whether the marker stands, the account is looked at once more.
    unsure = EndStep(case.provider, StepName.CREATE, StepState.DONE, unsure=found.marker is None)
    waits = case.effects.waits(case.service, found.throttled) if found.throttled else None
    return [unsure, SaveAccount(_standing(account, found, Origin.CREATED)), *([waits] if waits else [])]


async def _whose_is_it(case: Case, account: Account, *, uncertain: bool) -> None:
    holder = await case.effects.ask(case.service, lambda t: case.directory.find_address(account.address, timeout=t))
    if holder and holder.marker == account.marker:
        # A vendor can answer "taken" to a create that it has just carried out: nothing carried our marker a moment ago.
        await _adopt(case, account, holder, _created_if_at(account, holder), explained=uncertain)
    elif holder is None and not (_was_taken(case, account) and case.job.attempt >= _ATTEMPTS_UNTIL_VISIBLE):
        raise NotYet("The address is taken, and its holder is not visible yet.")
    elif uncertain and (holder is None or holder.marker is None):
        raise Hold("Whoever has the address shows no marker, and may be ours.", reason=Reason.ACCOUNT_CONFLICT)
    else:
        # Whatever an earlier attempt left unknown is known now: it was refused, as this one.
        refused = EndStep(case.provider, StepName.CREATE, StepState.THROTTLED, Reason.ACCOUNT_CONFLICT)
        await case.effects.commit([refused, RefuseAddress(case.provider, account.address)], Point.ADDRESS_REFUSED)
        case.account = None


async def _adopt(case: Case, account: Account, found: Found, origin: Origin, *, explained: bool) -> None:
    """`explained`: an attempt of ours whose fate is unknown would have made this very account."""
    await refuse_if_privileged(case, found)
    standing = _standing(account, found, origin)
    done = EndStep(case.provider, StepName.CREATE, StepState.DONE)
    writes: list[Write] = [done, SaveAccount(standing)]
    if origin is not Origin.CREATED or account.generation > 0 or not explained:
        # Its password was never ours, or attempts bore several, or an account that replicas hid was in the way: a mail must not tell a
        # password that may be wrong.
        writes.append(DestroyCredential(case.provider))
        case.sealed = None
    await case.effects.commit(writes, Point.ACCOUNT_ADOPTED)
    case.account = standing


async def _restore(case: Case, account: Account, found: Found) -> None:
    restored = await case.effects.step(
        case.provider,
        StepName.CREATE,
        RESTORE,
        service=case.service,
        request_hash=_restore_hash(found),
        call=lambda t: case.directory.restore(found.object_id, org_unit=new_account(account).org_unit, timeout=t),
        then=lambda _: [DestroyCredential(case.provider)],
        before=[SaveAccount(account)],
        uncertain=case.uncertain(StepName.CREATE),
    )
    case.sealed = None
    # Roles show on living accounts only. Until they were read the account is not ours in the ledger: no step goes on with it.
    await _adopt(case, account, restored, Origin.RESTORED, explained=False)


def _origin(case: Case, account: Account, found: Found) -> Origin:
    """Whose doing the account is: ours only where the very request that would have made it so may have been carried out."""
    if _was_last(case, _restore_hash(found)):
        return Origin.RESTORED
    if _was_last(case, body_hash(account)) and (case.uncertain(StepName.CREATE) or _was_taken(case, account)):
        return _created_if_at(account, found)
    return Origin.ADOPTED


def _created_if_at(account: Account, found: Found) -> Origin:
    return Origin.CREATED if found.address == account.address else Origin.ADOPTED


def _was_last(case: Case, request_hash: bytes) -> bool:
    """Whether the newest attempt, before this job, was this very request."""
    step = case.step(StepName.CREATE)
    return step is not None and step.request_hash == request_hash


def _was_taken(case: Case, account: Account) -> bool:
    """Whether the newest attempt, before this job, was told that this account's address is taken."""
    step = case.step(StepName.CREATE)
    return step is not None and step.reason is Reason.ACCOUNT_CONFLICT and _was_last(case, body_hash(account))


def _restore_hash(found: Found) -> bytes:
    return sha256(f"restore/{found.object_id}".encode()).digest()


def _standing(account: Account, found: Found, origin: Origin) -> Account:
    return replace(account, object_id=found.object_id, address=found.address, origin=origin)
