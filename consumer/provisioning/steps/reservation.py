"""Reservation: which addresses are the student's, in the database, and what is given back of those of an earlier name."""

from collections.abc import Sequence

from consumer.errors import GiveUp, Reason
from consumer.events import StepName
from consumer.failpoints import Point, commit_lost
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import ReleaseAddress, RetireAddress
from consumer.policy.addresses import BEST, MAX_CANDIDATES, candidates
from consumer.policy.renaming import fits
from consumer.provisioning.case import Case

ADDRESSES_IN_ONE_GO = 8
"""Candidates that are tried at the provider under one lease."""


async def free_candidate(case: Case, beside: Sequence[Case]) -> str:
    """The best candidate that is free here and `beside`, where the student has none yet; it is reserved at all of them. An address that
    the student has `beside` is taken first, and one that they have here is returned as it is.

    Raises `GiveUp` (ADDRESS_EXHAUSTED) where all are taken. The long list is only computed where the short one is.
    """
    at, address = [case.provider, *(other.provider for other in beside)], None
    for most in (BEST, MAX_CANDIDATES):
        found = candidates(case.tenant.addresses, case.student, country=case.tenant.country, most=most)
        if address := await case.tools.work.reserve(case.job.lease, at, found):
            break
    await case.tools.failpoints.reach_async(Point.ADDRESS_RESERVED, lost=commit_lost())
    if address is None:
        raise GiveUp("Every address that the patterns allow is taken.", reason=Reason.ADDRESS_EXHAUSTED)
    return address


async def give_back(case: Case) -> None:
    """Makes former addresses of those that the student's accounts are to change, and gives back what was reserved for an earlier name,
    unless an attempt may still bring it about or an account keeps that address.

    All at once: what is left at one provider would be taken for the student's address at the others once more.
    """
    everywhere = [case, *case.others]
    renamed = [one for one in everywhere if one.standing is not None and one.renames]
    if former := [write for one in renamed if (write := _given_up(one, one.known_account())) is not None]:
        await case.effects.commit(former, Point.ADDRESS_RETIRED)
    kept = {one.known_account().address.lower() for one in everywhere if keeps_address(one)}
    undecided = [one for one in everywhere if one.account is None]
    undecided += [one for one in renamed if one.known_account().next_address is None]
    reserved = [(one.provider, await case.tools.work.reserve(case.job.lease, [one.provider], [])) for one in undecided]
    releases = [
        ReleaseAddress(provider, address)
        for provider, address in reserved
        if address is not None and address not in kept and not fits(case.tenant, case.student, address)
    ]
    if releases:
        await case.effects.commit(releases, Point.ADDRESS_RELEASED)


def _given_up(case: Case, account: Account) -> RetireAddress | ReleaseAddress | None:
    if account.next_address is None:
        return RetireAddress(account.provider, account.address)
    if fits(case.tenant, case.student, account.next_address) or case.may_turn_up(StepName.RENAME) is not None:
        return None
    return ReleaseAddress(account.provider, account.next_address)


def keeps_address(case: Case) -> bool:
    """Whether the account exists, and keeps its address whatever the student's name is."""
    return case.standing is not None and not case.renames


def shares(case: Case) -> bool:
    """Whether the account here has an address of the student's present name, or is to get one, which the other accounts get as well."""
    account = case.account
    if account is None or (case.renames and account.next_address is None and case.standing is not None):
        return True
    return fits(case.tenant, case.student, account.next_address or account.address)
