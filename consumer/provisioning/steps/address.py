"""Address: reserves an address that is free, in the database and before the first call, and decides the body of that call.

The address is reserved at all providers of the student's that have no account yet, so that the student has one address everywhere.
Both are corrected from the newest event and the configuration as long as no attempt can have been carried out: see `corrected`.
"""

import hashlib
import json
from dataclasses import asdict, replace

from pydantic import TypeAdapter

from consumer.errors import NotYet, Reason
from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import EndStep, ReleaseAddress
from consumer.policy.profile import names
from consumer.policy.renaming import fits
from consumer.policy.rules import grant
from consumer.providers.port import NewAccount
from consumer.provisioning.case import Case
from consumer.provisioning.steps.reservation import free_candidate, give_back, keeps_address, shares
from consumer.tenants import Rename

_BODY = TypeAdapter(NewAccount)


async def ensure_reserved(case: Case) -> None:
    """Returns when `case.account` has an address. Raises `GiveUp` (ADDRESS_EXHAUSTED)."""
    await reserved(case)


async def reserved(case: Case) -> Account:
    """The student's account row, with an address reserved for it and the create call's body decided; it may not exist yet.

    Raises `GiveUp` (ADDRESS_EXHAUSTED) where every candidate is taken.
    """
    if case.account is None:
        if case.tenant.addresses.rename is Rename.NEVER:
            beside = case.others
        else:
            await give_back(case)
            beside = [other for other in case.others if keeps_address(other) or shares(other)]
        address = await free_candidate(case, beside)
        body = _body(case, address)
        case.assume(Account(case.provider, address, body.marker, asdict(body), generation=_generation(case)))
    return case.known_account()


def _generation(case: Case) -> int:
    """Of the newest password that attempts have borne, at addresses that were refused since: they only rise."""
    before, sealed = case.job.accounts.get(case.provider), case.sealed
    return max(before.generation if before else 0, sealed.generation if sealed else 0)


async def corrected(case: Case) -> Account:
    """The same, by the newest event and the configuration, for an account that does not exist and that no attempt can still make.

    What a correction changes in a name, a domain or a unit takes effect so. An address that is no candidate any more is given back.
    Raises `NotYet` while the account at that address may be one that an attempt of ours left without its marker.
    """
    account = await reserved(case)
    if case.provider not in case.job.accounts or case.may_turn_up(StepName.CREATE) is not None:
        return account  # decided in this job, or not to be changed
    if not fits(case.tenant, case.student, account.address):
        await refuse_to_leave_behind(case, account)
        # What an attempt with that address left unknown is given up with it.
        given_up = EndStep(case.provider, StepName.CREATE, StepState.RETRYABLE, Reason.INVALID_PROFILE)
        release = ReleaseAddress(case.provider, account.address)
        await case.effects.commit([given_up, release], Point.ADDRESS_RELEASED)
        case.assume(None)
        return await reserved(case)
    body = _body(case, account.address)
    case.assume(replace(account, marker=body.marker, body=asdict(body)))
    return case.known_account()


async def refuse_to_leave_behind(case: Case, account: Account) -> None:
    """Raises `NotYet` where the holder of the reserved address may be what an attempt of ours made, without its marker.

    Only a directory that may drop a creation's marker can hide from a search for it what an attempt made.
    """
    if case.directory.keeps_markers or not case.was_lost(StepName.CREATE):
        return
    holder = await case.effects.ask(
        StepName.CREATE, case.service, lambda t: case.directory.find_address(account.address, timeout=t)
    )
    if holder is not None and holder.marker is None:
        raise NotYet(
            "An earlier attempt may have made the unmarked account at the student's address.",
            reason=Reason.ACCOUNT_CONFLICT,
        )


def new_account(account: Account) -> NewAccount:
    """The create call's body, as it was decided."""
    return _BODY.validate_python(account.body)


def body_hash(account: Account) -> bytes:
    """Identifies the request: the same for every attempt, whatever the password."""
    return hashlib.sha256(json.dumps(dict(account.body), sort_keys=True).encode()).digest()


def _body(case: Case, address: str) -> NewAccount:
    name = names(case.provider, case.student)
    return NewAccount(
        address=address,
        marker=case.own_marker,
        given_name=name.given,
        family_name=name.family,
        display_name=name.display,
        preferred_language=case.student.preferred_language,
        org_unit=grant(case.tenant, case.student, case.provider).org_unit,
    )
