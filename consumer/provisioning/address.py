"""Step one: an address that nobody else has, reserved in the database before the first call."""

import hashlib
import json
from dataclasses import asdict

from pydantic import TypeAdapter

from consumer.errors import GiveUp, Reason
from consumer.failpoints import Point, commit_lost
from consumer.ledger.port import Account
from consumer.policy.addresses import MAX_CANDIDATES, candidates
from consumer.policy.marker import marker
from consumer.policy.profile import names
from consumer.policy.rules import grant
from consumer.providers.port import NewAccount
from consumer.provisioning.case import Case

_BEST = 4
_BODY = TypeAdapter(NewAccount)


async def ensure_reserved(case: Case) -> None:
    """Returns when `case.account` has an address. Raises `GiveUp` (ADDRESS_EXHAUSTED)."""
    await reserved(case)


async def reserved(case: Case) -> Account:
    """The student's account row, with an address reserved for it and the create call's body decided; it may not exist yet.

    Raises `GiveUp` (ADDRESS_EXHAUSTED) where every candidate is taken.
    """
    if case.account is not None:
        return case.account
    lease = case.job.lease
    address = await _reserve(case)
    await case.tools.failpoints.reach_async(Point.ADDRESS_RESERVED, lost=commit_lost())
    if address is None:
        raise GiveUp("Every address that the patterns allow is taken.", reason=Reason.ADDRESS_EXHAUSTED)
    name = names(case.provider, case.student)
    mark = marker(case.provider, lease.tenant_id, lease.student_id)
    body = NewAccount(
        address=address,
        marker=mark,
        given_name=name.given,
        family_name=name.family,
        display_name=name.display,
        preferred_language=case.student.preferred_language,
        org_unit=grant(case.tenant, case.student, case.provider).org_unit,
    )
    case.account = Account(provider=case.provider, address=address, marker=mark, body=asdict(body))
    return case.account


async def _reserve(case: Case) -> str | None:
    """The best candidate that is free. The many more are thought of only for those whose best few are all taken."""
    for most in (_BEST, MAX_CANDIDATES):
        found = candidates(case.tenant.addresses, case.student, most=most)
        if address := await case.tools.work.reserve(case.job.lease, [case.provider], found):
            return address
    return None


def new_account(account: Account) -> NewAccount:
    """The create call's body, as it was decided."""
    return _BODY.validate_python(account.body)


def body_hash(account: Account) -> bytes:
    """Identifies the request: the same for every attempt, whatever the password."""
    return hashlib.sha256(json.dumps(dict(account.body), sort_keys=True).encode()).digest()
