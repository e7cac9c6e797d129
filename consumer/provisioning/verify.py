"""The second look at an account of which something was lost sight of: a call whose answer never came, or whose process went away.

It comes some time after the event was settled, when nothing of that can be on its way any more. Who carries our marker?

our object, nobody else ──────────────▶ sure
nobody; our object shows no marker ───▶ mark it ──▶ sure
nobody; no account was made ──────────▶ sure
one that we did not know of ──────────▶ a creation was carried out after all: it is the student's, and the way goes on
several, or another than our object ──▶ a person must look
nobody; our object can't be found ────▶ later, and in the end a person must look

Then licences and groups whose steps were unsure are given again (`grants`). Nothing is created here, and no mail is sent twice.
"""

from enum import StrEnum
from hashlib import sha256

from consumer.errors import GiveUp, Hold, NotYet, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import MARK
from consumer.ledger.port import Account
from consumer.policy.marker import marker
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.create import adopt, our_accounts, refuse_if_privileged

_ATTEMPTS_UNTIL_MISSING = 8


class Finding(StrEnum):
    """What a second look found; a label of `provisioner_verifications`."""

    SURE = "sure"
    MARKED = "marked"  # our object showed no marker, and bears it now
    LATE = "late"  # an account that we did not know of is the student's
    CONFLICT = "conflict"  # a person must look


async def ensure_verified(case: Case) -> None:
    """Returns when the account is what the ledger says, or is not to be verified now. Raises `Hold` where a person must look."""
    if not case.verifying:
        return
    try:
        finding = await _look(case)
    except Hold:
        case.effects.metrics.verifications.labels(case.provider, Finding.CONFLICT).inc()
        raise
    case.effects.metrics.verifications.labels(case.provider, finding).inc()


async def _look(case: Case) -> Finding:
    account, lease = case.account, case.job.lease
    ours = await our_accounts(case, marker(case.provider, lease.tenant_id, lease.student_id))
    live = next((one for one in ours if not one.deleted), None)
    if account is None or account.object_id is None:
        return await _unknown_to_us(case, account, live)
    if live is None:
        return await _unmarked(case, account)
    if live.object_id != account.object_id:
        raise Hold("Another account than the student's carries the marker.", reason=Reason.ACCOUNT_CONFLICT)
    return Finding.SURE


async def _unknown_to_us(case: Case, account: Account | None, live: Found | None) -> Finding:
    if live is None:
        return Finding.SURE
    if account is None:
        raise Hold("An account at an address that was given up carries the marker.", reason=Reason.ACCOUNT_CONFLICT)
    await adopt(case, account, live)
    return Finding.LATE


async def _unmarked(case: Case, account: Account) -> Finding:
    holder = await case.effects.ask(case.service, lambda t: case.directory.find_address(account.address, timeout=t))
    if holder is None:
        if case.job.attempt < _ATTEMPTS_UNTIL_MISSING:
            raise NotYet("The account is not visible yet.")
        raise Hold("The account can no longer be found at the provider.", reason=Reason.ACCOUNT_MISSING)
    if holder.object_id == account.object_id and holder.marker == account.marker:
        return Finding.SURE  # searches lag behind
    if holder.object_id != account.object_id or holder.marker is not None or account.origin is not Origin.CREATED:
        # Whoever took the marker from an account that was here before us may have meant it.
        raise Hold("The student's account no longer carries the marker.", reason=Reason.ACCOUNT_CONFLICT)
    await refuse_if_privileged(case, holder)
    await _mark(case, account, holder.object_id)
    return Finding.MARKED


async def _mark(case: Case, account: Account, object_id: str) -> None:
    try:
        await case.effects.step(
            case.provider,
            StepName.CREATE,
            MARK,
            service=case.service,
            request_hash=sha256(f"mark/{object_id}".encode()).digest(),
            call=lambda t: case.directory.mark(object_id, account.marker, timeout=t),
            then=lambda _: [],
        )
    except GiveUp as fault:
        raise Hold("The provider refuses the marker.", reason=fault.reason) from fault
