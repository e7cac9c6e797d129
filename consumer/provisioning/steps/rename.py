"""Rename: the account of a student with another name gets that name's address; the former one stays its own where the provider keeps it.

the name gives the present address too ─▶ nothing to do
retire the present address, reserve the best free one of the new name (`next_address`)
   ▼
ask the guard ──too many──▶ parked: a person must approve it
   ▼
look at the account ──has it──────────────▶ renamed
   │                ──people renamed it──▶ it stays as it is
   ▼
rename it ──taken──▶ who has it? ─another──▶ refuse the address, reserve the next candidate
   │                  │ not shown who has it ──▶ later, and after some tries the next candidate
   ▼
look again ──still the former one──▶ later: Google takes up to ten minutes

A former address is given to no other student for `addresses.quarantine`: mail that is still sent there must not reach a stranger.
"""

from dataclasses import replace
from functools import partial

from consumer.errors import AddressTaken, GiveUp, NotYet, Reason, not_known_yet
from consumer.events import StepName
from consumer.failpoints import RENAME, Point
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import EndStep, RefuseAddress, ReleaseAddress, SaveAccount
from consumer.policy.guard import Guarded
from consumer.providers.port import Found
from consumer.provisioning.case import PATIENCE, Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.following import to_write
from consumer.provisioning.steps.guarded import may_take
from consumer.provisioning.steps.look import look_at, look_before_change
from consumer.provisioning.steps.next_address import with_next_address
from consumer.provisioning.steps.reservation import ADDRESSES_IN_ONE_GO


async def ensure_renamed(case: Case) -> None:
    """Returns when the account, if there is one, has an address of the student's present name, or one that people gave it.

    Raises `GiveUp` (ADDRESS_EXHAUSTED) where every candidate is taken.
    """
    account = case.standing
    if account is None or not (case.renames or case.was_lost(StepName.RENAME)):
        return
    case.refuse_if_failed(StepName.RENAME)
    if (left := case.may_turn_up(StepName.CREATE)) is not None:
        # It could make another account, once this one does not hold the address any more.
        raise not_known_yet("An earlier creation may still be carried out.", left)
    account = await with_next_address(case, account)
    if account.next_address is not None and not await _may_rename(case, account, account.next_address):
        return
    found = await look_before_change(case, account, StepName.RENAME)
    if found is None:
        raise NotYet("The account cannot be found at the provider.")
    for _ in range(ADDRESSES_IN_ONE_GO):
        if not _is_missing(case, account, found):
            await _leave(case, account, found)
            return
        if await _rename(case, account, found.object_id):
            return
        account = await with_next_address(case, case.known_account())
    raise NotYet("Many addresses in a row were taken; the next candidates are tried later.")


def _is_missing(case: Case, account: Account, found: Found) -> bool:
    wanted = (account.next_address or account.address).lower()
    return bool(
        to_write(
            case,
            StepName.RENAME,
            wanted={"address": wanted},
            written={"address": account.address.lower()},
            shown={"address": found.address.lower()},
        )
    )


async def _leave(case: Case, account: Account, found: Found) -> None:
    """For an account that is not renamed: it has the address already, or people have given it another one, which stays."""
    if account.next_address is None:
        await case.tools.work.reserve(case.job.lease, [case.provider], [account.address])  # it may have been retired
    elif found.address.lower() == account.next_address:
        case.assume(_with_address(account, account.next_address))
    else:
        await case.effects.commit([ReleaseAddress(case.provider, account.next_address)], Point.ADDRESS_RELEASED)
        case.assume(None)


async def _may_rename(case: Case, account: Account, address: str) -> bool:
    """What the guard says. The names are written all the same; an address that a person has rejected is given back."""
    try:
        return may_take(case, Guarded.RENAME_ACCOUNT)
    except GiveUp:
        await case.effects.commit([ReleaseAddress(case.provider, address)], Point.ADDRESS_RELEASED)
        await case.tools.work.reserve(case.job.lease, [case.provider], [account.address])
        raise


async def _rename(case: Case, account: Account, object_id: str) -> bool:
    """Whether the account has the address now; False: another has it."""
    address = account.next_address or account.address
    renamed = _with_address(account, address)
    try:
        await change(
            case,
            StepName.RENAME,
            RENAME,
            partial(case.directory.rename, object_id, address),
            part="addresses",
            request=f"rename/{object_id}/{address}",
            then=[SaveAccount(renamed)],
        )
    except AddressTaken as taken:
        if account.next_address is None:
            raise GiveUp("The account's address is another's now.", reason=Reason.ACCOUNT_CONFLICT) from taken
        await _refuse(case, address, object_id)
        return False
    shown = await look_at(case, renamed, StepName.RENAME)
    if shown is None or shown.address.lower() != address.lower():
        raise NotYet("The provider does not show the new address yet.", reason=Reason.CHANGE_NOT_VISIBLE)
    return True


async def _refuse(case: Case, address: str, object_id: str) -> None:
    """Gives the address up where another has it. Google may also call an address taken that was given up some minutes ago."""
    holder = await case.effects.ask(
        StepName.RENAME, case.service, lambda t: case.directory.find_address(address, timeout=t)
    )
    if holder is not None and holder.object_id == object_id:
        raise NotYet("The provider does not show the new address yet.", reason=Reason.CHANGE_NOT_VISIBLE)
    if holder is None and case.waited(StepName.RENAME, Reason.ACCOUNT_CONFLICT) < PATIENCE - 1:
        raise NotYet("The address is taken, and its holder is not visible yet.", reason=Reason.ACCOUNT_CONFLICT)
    refused = EndStep(case.provider, StepName.RENAME, StepState.RETRYABLE, Reason.ACCOUNT_CONFLICT)
    await case.effects.commit([refused, RefuseAddress(case.provider, address)], Point.ADDRESS_REFUSED)
    case.assume(None)


def _with_address(account: Account, address: str) -> Account:
    return replace(account, address=address, next_address=None, body={**account.body, "address": address})
