"""Step two: the account itself, at most one whatever happens.

look for our marker ──found──▶ adopt | restore
        │ nothing (proves nothing)
        ▼
create, always the same body ──▶ created
        │ "taken"
        ▼
whose is it? ──ours──▶ adopt      ──not visible yet──▶ later
        └──somebody else's──▶ refuse the address, take the next candidate
             (unless an earlier attempt is unknown and the holder is unmarked: that may be ours, so a person must look)
"""

from collections.abc import Sequence
from dataclasses import replace

from consumer.errors import AddressTaken, Hold, NotYet, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import CREATE, RESTORE, Point
from consumer.ledger.port import (
    Account,
    DestroyCredential,
    EndStep,
    RefuseAddress,
    SaveAccount,
    SealCredential,
    StepState,
    Write,
)
from consumer.providers.port import Found
from consumer.provisioning.address import body_hash, new_account, reserved
from consumer.provisioning.case import Case

_ADDRESSES_IN_ONE_GO = 8
_ATTEMPTS_UNTIL_VISIBLE = 8


async def ensure_created(case: Case) -> None:
    """Returns when `case.account` has an object id. Raises faults; none of them leaves a second account behind."""
    case.refuse_if_failed(StepName.CREATE)
    uncertain = case.uncertain(StepName.CREATE)
    for _ in range(_ADDRESSES_IN_ONE_GO):
        account = await reserved(case)
        if account.object_id is not None:
            return
        if not await _found_by_marker(case, account, uncertain=uncertain):
            await _create(case, account, uncertain=uncertain)
    if (await reserved(case)).object_id is None:
        raise NotYet("Many addresses in a row were taken; the next candidates are tried later.")


async def _found_by_marker(case: Case, account: Account, *, uncertain: bool) -> bool:
    found = await case.effects.ask(case.service, lambda t: case.directory.find_marked(account.marker, timeout=t))
    ours = [one for one in found if one.marker == account.marker]
    live = [one for one in ours if not one.deleted]
    if len(live) > 1 or (not live and len(ours) > 1):
        raise Hold("Several accounts carry this student's marker.", reason=Reason.ACCOUNT_CONFLICT)
    if live:
        await _adopt(case, account, live[0], Origin.CREATED if uncertain else Origin.ADOPTED)
    elif ours:
        await _restore(case, account, ours[0], uncertain=uncertain)
    return bool(ours)


async def _create(case: Case, account: Account, *, uncertain: bool) -> None:
    account, password, seal = _password(case, account, uncertain=uncertain)
    try:
        created = await case.effects.step(
            case.provider,
            StepName.CREATE,
            CREATE,
            service=case.service,
            request_hash=body_hash(account),
            call=lambda t: case.directory.create(new_account(account), password, timeout=t),
            then=lambda found: [SaveAccount(_standing(account, found, Origin.CREATED))],
            before=[SaveAccount(account), *seal],
            uncertain=uncertain,
        )
    except AddressTaken:
        await _whose_is_it(case, account, uncertain=uncertain)
    else:
        case.account = _standing(account, created, Origin.CREATED)
        case.fresh_password = password


async def _whose_is_it(case: Case, account: Account, *, uncertain: bool) -> None:
    holder = await case.effects.ask(case.service, lambda t: case.directory.find_address(account.address, timeout=t))
    unsettled = StepState.UNKNOWN if uncertain else StepState.THROTTLED
    ended = EndStep(case.provider, StepName.CREATE, unsettled, Reason.ACCOUNT_CONFLICT)
    if holder and holder.marker == account.marker:
        # A vendor can answer "taken" to a create that it has just carried out: nothing carried our marker a moment ago.
        await _adopt(case, account, holder, Origin.CREATED)
    elif holder is None and (uncertain or case.job.attempt < _ATTEMPTS_UNTIL_VISIBLE):
        await case.effects.commit([ended], Point.ADDRESS_DOUBTED)
        raise NotYet("The address is taken, and its holder is not visible yet.")
    elif uncertain and holder and holder.marker is None:
        await case.effects.commit([ended], Point.ADDRESS_DOUBTED)
        raise Hold("An unmarked account has the address, and may be ours.", reason=Reason.ACCOUNT_CONFLICT)
    else:
        await case.effects.commit([ended, RefuseAddress(case.provider, account.address)], Point.ADDRESS_REFUSED)
        case.account = None


async def _adopt(case: Case, account: Account, found: Found, origin: Origin) -> None:
    if found.privileged:
        raise Hold("The account holds an administrator's role.", reason=Reason.PRIVILEGED_ACCOUNT)
    standing = _standing(account, found, origin)
    forget = [] if origin is Origin.CREATED else [DestroyCredential(case.provider)]
    done = EndStep(case.provider, StepName.CREATE, StepState.DONE)
    await case.effects.commit([done, SaveAccount(standing), *forget], Point.ACCOUNT_ADOPTED)
    case.account = standing


async def _restore(case: Case, account: Account, found: Found, *, uncertain: bool) -> None:
    if found.privileged:
        raise Hold("The deleted account holds an administrator's role.", reason=Reason.PRIVILEGED_ACCOUNT)
    restored = await case.effects.step(
        case.provider,
        StepName.CREATE,
        RESTORE,
        service=case.service,
        request_hash=body_hash(account),
        call=lambda t: case.directory.restore(found.object_id, timeout=t),
        then=lambda back: [SaveAccount(_standing(account, back, Origin.RESTORED)), DestroyCredential(case.provider)],
        before=[SaveAccount(account)],
        uncertain=uncertain,
    )
    case.account = _standing(account, restored, Origin.RESTORED)


def _standing(account: Account, found: Found, origin: Origin) -> Account:
    return replace(account, object_id=found.object_id, address=found.address, origin=origin)


def _password(case: Case, account: Account, *, uncertain: bool) -> tuple[Account, str, Sequence[Write]]:
    """The password of the account's generation: the sealed one for every attempt, a new one only with a new generation."""
    sealed = case.job.credentials.get(case.provider)
    if sealed and sealed.generation == account.generation:
        return account, case.tools.vault.open(sealed.sealed, case.sealed_for(account.generation)), ()
    if uncertain:
        # The sealed password has expired, and an attempt that bore it may still turn up: this one must be told apart.
        account = replace(account, generation=account.generation + 1)
    password = case.tools.password()
    sealed_now = case.tools.vault.seal(password, case.sealed_for(account.generation))
    seal = SealCredential(case.provider, account.generation, sealed_now, case.tools.credential_lifetime)
    return account, password, (seal,)
