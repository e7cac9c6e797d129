"""Create: the account itself, at most one whatever happens.

look for our marker ──found──▶ adopt | restore (`adopt` says what is never taken)
        │ nothing (proves nothing) ──known to be there──▶ later
        ▼
create ──▶ created
        │ "taken"
        ▼
who holds it? ─our marker──▶ adopt
        │      ──not visible yet──▶ later, and after some tries the next candidate
        │      ──another marker──▶ refuse the address, take the next candidate
        ▼
no marker: may an earlier attempt still turn out to have made it?
        │ yes ──▶ later, when that is known
        │ no  ──▶ the next candidate, or a person (`addresses.on_taken`)

Attempts send the same body while any of them may still turn up. When none may, the body is decided again: see `address.corrected`.
"""

from dataclasses import replace
from urllib.parse import quote

from consumer.errors import AddressTaken, Hold, NotYet, Reason, not_known_yet
from consumer.events import Origin, StepName
from consumer.failpoints import CREATE, Point
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import EndStep, RefuseAddress, ReleaseAddress, SaveAccount, Write
from consumer.providers.port import Found
from consumer.provisioning.case import PATIENCE, Case
from consumer.provisioning.steps.address import body_hash, corrected, new_account, reserved
from consumer.provisioning.steps.adopt import adopt, mail_wanted, our_accounts, standing
from consumer.provisioning.steps.password import sealed_password
from consumer.provisioning.steps.reservation import ADDRESSES_IN_ONE_GO
from consumer.provisioning.steps.restore import refuse_beside_hidden, restoration_hash, restore
from consumer.tenants import OnTaken

CREATIONS = "creations"
"""The part of a service that makes accounts: what refuses that need not hold what else is done for students."""


async def ensure_created(case: Case) -> None:
    """Returns when `case.account` has an object id. Raises faults; none of them leaves a second account behind."""
    if case.account is not None and case.account.object_id is not None:
        return
    case.refuse_if_failed(StepName.CREATE)
    if await _found_by_marker(case):
        return
    for _ in range(ADDRESSES_IN_ONE_GO):
        account = await corrected(case)
        refuse_beside_hidden(case)
        await _create(case, account)
        if case.account is not None and case.account.object_id is not None:
            return
    raise NotYet("Many addresses in a row were taken; the next candidates are tried later.")


async def _found_by_marker(case: Case) -> bool:
    account = await reserved(case)
    ours = await our_accounts(case, ahead_of=CREATIONS)
    if len(ours) > 1:
        raise Hold("Several deleted accounts carry this student's marker.", reason=Reason.ACCOUNT_CONFLICT)
    for one in ours:
        if one.deleted:
            await restore(case, account, one)
        else:
            await adopt_marked(case, account, one)
    return bool(ours)


async def adopt_marked(case: Case, account: Account, found: Found) -> None:
    """Takes a live account with our marker as the student's. Raises `Hold` where it is none that may be taken."""
    origin = _origin(case, account, found)
    await adopt(case, account, found, origin, explained=case.was_lost(StepName.CREATE))


async def _create(case: Case, account: Account) -> None:
    request_hash = body_hash(account)
    # A body that was decided again means that no attempt with another one can still take effect.
    uncertain = (
        case.uncertain(StepName.CREATE)
        and _was_last(case, request_hash)
        and case.may_turn_up(StepName.CREATE) is not None
    )
    if _was_last(case, request_hash) and not case.has_password(account.generation):
        # The sealed password has expired, and an attempt that bore it may still turn up: this one must be distinguishable.
        account = replace(account, generation=account.generation + 1)
    password, seal = sealed_password(case, account.generation)
    body = new_account(account)
    case.asked_for = True
    try:
        await case.effects.step(
            case.provider,
            StepName.CREATE,
            CREATE,
            service=case.service,
            part=_part(body.org_unit),
            request_hash=request_hash,
            call=lambda t: case.directory.create(body, password, timeout=t),
            then=lambda found: _created(case, account, found),
            before=[SaveAccount(account), *seal],
            uncertain=uncertain,
        )
    except AddressTaken:
        case.asked_for = False
        await _taken_by(case, account)
    else:
        case.created_now = True


def _part(org_unit: str | None) -> str:
    return CREATIONS if org_unit is None else f"{CREATIONS}/units/{quote(org_unit, safe='')}"


def _created(case: Case, account: Account, found: Found) -> list[Write]:
    # Where it is unknown whether the marker was stored, the account is verified later.
    unsure = EndStep(case.provider, StepName.CREATE, StepState.DONE, unsure=found.marker is None)
    limited = found.throttled
    waits = case.effects.containment.waits(StepName.CREATE, case.service, None, limited) if limited else None
    created = SaveAccount(standing(account, found, Origin.CREATED))
    return [unsure, created, *mail_wanted(case), *([waits] if waits else [])]


async def _taken_by(case: Case, account: Account) -> None:
    holder = await case.effects.ask(
        StepName.CREATE, case.service, lambda t: case.directory.find_address(account.address, timeout=t)
    )
    if holder and holder.marker == case.own_marker:
        # A vendor can answer "taken" to a create that it has just carried out: nothing carried our marker a moment ago.
        await adopt(case, account, holder, _created_if_at(account, holder), explained=case.was_lost(StepName.CREATE))
        return
    if holder and holder.marker == account.marker:
        # The bare number, as earlier versions wrote it: staff may have it too.
        raise Hold(
            "The address is held by an account whose marker is the student's bare number.",
            reason=Reason.ACCOUNT_CONFLICT,
        )
    if holder is None or holder.marker is None:
        _refuse_what_may_be_ours(case, account, seen=holder is not None)
        if holder and case.tenant.addresses.on_taken is OnTaken.HOLD:
            raise Hold(
                "The address is held by an account that this service did not make.", reason=Reason.ACCOUNT_CONFLICT
            )
    # Whatever an earlier attempt left unknown is known now: it was refused, as this one.
    refused = EndStep(case.provider, StepName.CREATE, StepState.RETRYABLE, Reason.ACCOUNT_CONFLICT)
    writes: list[Write] = [refused, RefuseAddress(case.provider, account.address)]
    # One address everywhere: the student's other accounts that are not begun move to the next candidate as well.
    movable = [other for other in case.others if _may_move(other, account.address)]
    writes += [ReleaseAddress(other.provider, account.address) for other in movable]
    await case.effects.commit(writes, Point.ADDRESS_REFUSED)
    for one in (case, *movable):
        one.assume(None)


def _refuse_what_may_be_ours(case: Case, account: Account, *, seen: bool) -> None:
    """Raises while the holder may be what an attempt of ours made, and replicas or a lost answer hide that.

    When no attempt may turn up any more and no account carries our marker, as was just found, the holder is not ours. Only a directory
    that is not known to keep the marker of a creation leaves a doubt.
    """
    if (left := case.may_turn_up(StepName.CREATE)) is not None and _was_last(case, body_hash(account)):
        raise not_known_yet(
            "The address is held by an account that may be ours: an earlier attempt may still turn out to have made it.",
            left,
        )
    if seen and case.was_lost(StepName.CREATE) and not case.directory.keeps_markers:
        raise NotYet(
            "The address is held by an unmarked account, and this directory may drop markers.",
            reason=Reason.ACCOUNT_CONFLICT,
        )
    if not seen and case.waited(StepName.CREATE, Reason.ACCOUNT_CONFLICT) < PATIENCE - 1:
        raise NotYet("The address is taken, and its holder is not visible yet.", reason=Reason.ACCOUNT_CONFLICT)


def _may_move(other: Case, address: str) -> bool:
    if other.asked_for or other.was_lost(StepName.CREATE):
        return False
    account = other.account
    return account is None or (account.object_id is None and account.address == address)


def _origin(case: Case, account: Account, found: Found) -> Origin:
    """Where the account came from: from us only where the request that would have created it may have been carried out."""
    if _was_last(case, restoration_hash(found)):
        return Origin.RESTORED
    if _was_last(case, body_hash(account)) and (case.was_lost(StepName.CREATE) or _was_taken(case, account)):
        return _created_if_at(account, found)
    return Origin.ADOPTED


def _created_if_at(account: Account, found: Found) -> Origin:
    return Origin.CREATED if found.address == account.address else Origin.ADOPTED


def _was_last(case: Case, request_hash: bytes) -> bool:
    """Whether the newest attempt before this job was this request."""
    step = case.step(StepName.CREATE)
    return step is not None and step.request_hash == request_hash


def _was_taken(case: Case, account: Account) -> bool:
    """Whether the newest attempt before this job was refused because this account's address is taken."""
    step = case.step(StepName.CREATE)
    return step is not None and step.reason is Reason.ACCOUNT_CONFLICT and _was_last(case, body_hash(account))
