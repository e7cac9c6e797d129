"""Verify: a later look at an account for which a call's outcome was lost, because no answer came or the process died.

It runs some time after the event was settled, when no such call can still take effect. Which account has our marker?

only our object ──────────────────────▶ verified
none; we deleted it, or handed it over ▶ verified
none; our object shows no marker ─────▶ mark it ──▶ verified
none; no account was created ─────────▶ verified
one that we did not know of ──────────▶ a creation took effect after all: it is the student's, and the remaining steps follow
several, or another than our object ──▶ a person must look
none; our object is not found ────────▶ retried, and in the end a person must look

Licences and memberships whose steps were unsure are then given again (`grants`). Nothing is created here, and no mail is sent twice.
"""

from enum import StrEnum

from consumer.errors import Hold, NotYet, Reason
from consumer.events import Origin, StepName
from consumer.ledger.port.student import Account
from consumer.providers.port import Found
from consumer.provisioning.case import GIVEN_UP, Case
from consumer.provisioning.steps.adopt import our_accounts, refuse_privileged
from consumer.provisioning.steps.create import adopt_marked
from consumer.provisioning.steps.mark import was_marked_lately, write_marker


class Finding(StrEnum):
    """What a verification found; a label of `provisioner_verifications`."""

    SURE = "sure"
    MARKED = "marked"  # our object showed no marker, and bears it now
    LATE = "late"  # an account that we did not know of is the student's
    CONFLICT = "conflict"  # a person must look


async def ensure_verified(case: Case) -> None:
    """Returns when the account is what the ledger says. Raises `Hold` where a person must look."""
    try:
        finding = await _look(case)
    except Hold:
        case.effects.metrics.verifications.labels(case.provider, Finding.CONFLICT).inc()
        raise
    case.effects.metrics.verifications.labels(case.provider, finding).inc()


async def _look(case: Case) -> Finding:
    account = case.account
    ours = await our_accounts(case)
    live = next((one for one in ours if not one.deleted), None)
    if account is None or account.object_id is None:
        return await _unknown_to_us(case, account, live)
    if live is None and account.state in GIVEN_UP:
        return Finding.SURE
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
    await adopt_marked(case, account, live)
    return Finding.LATE


async def _unmarked(case: Case, account: Account) -> Finding:
    holder = await case.effects.ask(
        StepName.CREATE, case.service, lambda t: case.directory.find_address(account.address, timeout=t)
    )
    if holder is None:
        raise NotYet("The account cannot be found at the provider.")
    if holder.object_id == account.object_id and (
        holder.marker == account.marker or was_marked_lately(case, holder.object_id)
    ):
        return Finding.SURE  # searches lag behind
    if holder.object_id != account.object_id or holder.marker is not None or account.origin is not Origin.CREATED:
        # The marker of an account that existed before us may have been removed on purpose.
        raise Hold("The student's account no longer carries the marker.", reason=Reason.ACCOUNT_CONFLICT)
    await refuse_privileged(case, holder)
    await write_marker(case, holder.object_id, account.marker)
    return Finding.MARKED
