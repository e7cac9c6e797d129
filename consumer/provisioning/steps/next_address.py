"""Next address: which one the account of a student with another name is to get (`rename`); it is reserved, and the present one retired.

It is decided for one provider after the other, before anything is done side by side: the accounts get the same address where it is free.
"""

from dataclasses import replace

from consumer.errors import GiveUp, not_known_yet
from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import ReleaseAddress, SaveAccount
from consumer.policy.renaming import fits
from consumer.provisioning.case import Case
from consumer.provisioning.steps.reservation import free_candidate, give_back, shares


async def ensure_next_address(case: Case) -> None:
    """Returns when it is decided, as far as it can be now; `rename` reports what is in the way."""
    account = case.standing
    if account is None or case.has_failed(StepName.RENAME) or case.may_turn_up(StepName.RENAME) is not None:
        return
    try:
        await with_next_address(case, account)
    except GiveUp:
        return


async def with_next_address(case: Case, account: Account) -> Account:
    """The account with the address that it is to get; without one, where the one that it has is right.

    Raises `GiveUp` (ADDRESS_EXHAUSTED) where every candidate is taken, `RetryLater` while it may get the address of an earlier name.
    """
    if account.next_address is not None:
        if fits(case.tenant, case.student, account.next_address):
            return account
        if (left := case.may_turn_up(StepName.RENAME)) is not None:
            raise not_known_yet("The account may still get the address of an earlier name.", left)
        await case.effects.commit([ReleaseAddress(case.provider, account.next_address)], Point.ADDRESS_RELEASED)
        account = case.known_account()
    if not case.renames or fits(case.tenant, case.student, account.address):
        return account
    await give_back(case)
    address = await free_candidate(case, [other for other in case.others if shares(other)])
    case.effects.later([SaveAccount(replace(account, next_address=address))], Point.ADDRESS_RESERVED)
    return case.known_account()
