"""Which of the accounts on a list may be adopted for their students, and which not. Pure.

match     it may be
already   it is the student's: nothing is to be done
doubt     it may be, and a person should look first: only with the option to take doubts too
refusal   never
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from consumer.events import Provider
from consumer.providers.port import Found
from consumer.reconcile.matches import Match


class Verdict(StrEnum):
    """What may become of an account."""

    MATCH = "match"
    ALREADY = "already"
    DOUBT = "doubt"
    REFUSAL = "refusal"


class Cause(StrEnum):
    """Why it is doubted or refused."""

    BLOCKED = "its sign-in is blocked"
    ALIAS = "the address is an alias, and the account signs in with another"
    NOT_FOUND = "the directory does not show it"
    CLAIMED_TWICE = "two lines claim it"
    SYNCHRONISED = "it is managed by a directory on premises"
    GUEST = "it is a guest's"
    PRIVILEGED = "it holds an administrator's role"
    OTHER_DOMAIN = "it is in a domain that is not the tenant's"
    MARKED = "it carries the marker of another student or tenant"
    OF_ANOTHER = "the ledger has it as another student's"
    HAS_ACCOUNT = "the ledger has another account of the student"
    ADDRESS_TAKEN = "the ledger has reserved its address for another student"


@dataclass(frozen=True, slots=True)
class Holder:
    """What the ledger has that concerns a line: the student's account, who has the account, and for whom its address is reserved.

    Students are of any tenant, as tenant and student.
    """

    own_object: str | None = None
    account_of: tuple[str, str] | None = None
    address_of: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A line and what may become of it. `found`: the account, where the directory shows it."""

    match: Match
    verdict: Verdict
    cause: Cause | None = None
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read about a line. `privileged`: None where it was not asked for, as something else refuses the account."""

    match: Match
    found: Found | None
    holder: Holder = Holder()
    privileged: bool | None = None


def judge(looked: Sequence[Looked], *, tenant_id: str, domain: str, markers: Mapping[str, str]) -> Sequence[Judged]:
    """`markers` are the students' own, by student."""
    claims = Counter(one.found.object_id for one in looked if one.found)
    return [_judged(one, tenant_id, domain, markers[one.match.student_id], claims) for one in looked]


def refused(one: Looked, tenant_id: str, domain: str, marker: str, claims: Mapping[str, int]) -> Cause | None:
    """Why the account is never adopted, whatever roles it holds."""
    found, holder, student = one.found, one.holder, (tenant_id, one.match.student_id)
    if found is None or found.deleted:
        return Cause.NOT_FOUND
    causes = {
        Cause.CLAIMED_TWICE: claims.get(found.object_id, 0) > 1,
        Cause.SYNCHRONISED: found.synchronised,
        Cause.GUEST: found.guest,
        Cause.OTHER_DOMAIN: found.address.rpartition("@")[2] != domain,
        Cause.MARKED: found.marker not in {None, marker},
        Cause.OF_ANOTHER: holder.account_of not in {None, student},
        Cause.HAS_ACCOUNT: holder.own_object not in {None, found.object_id},
        Cause.ADDRESS_TAKEN: holder.address_of not in {None, student},
    }
    return next((cause for cause, holds in causes.items() if holds), None)


def _judged(one: Looked, tenant_id: str, domain: str, marker: str, claims: Mapping[str, int]) -> Judged:
    cause, found = refused(one, tenant_id, domain, marker, claims), one.found
    if cause is None and one.privileged is not False:
        cause = Cause.PRIVILEGED
    if cause is not None or found is None:
        return Judged(one.match, Verdict.REFUSAL, cause, found)
    if found.marker == marker and one.holder.own_object == found.object_id:
        return Judged(one.match, Verdict.ALREADY, None, found)
    doubt = Cause.BLOCKED if not found.enabled else None
    if "@" in one.match.account and one.match.account.lower() != found.address:
        doubt = Cause.ALIAS
    return Judged(one.match, Verdict.DOUBT if doubt else Verdict.MATCH, doubt, found)


def chosen(judged: Sequence[Judged], *, doubts: bool) -> Sequence[Judged]:
    """Those that are adopted, or were: the matches, and the doubts where they are taken too."""
    taken: Collection[Verdict] = {Verdict.MATCH, Verdict.ALREADY, *([Verdict.DOUBT] if doubts else [])}
    return [one for one in judged if one.verdict in taken]


def digest(taken: Sequence[Judged], *, tenant_id: str, provider: Provider) -> str:
    """Identifies the accounts and their students, whatever their order; it stays the same while some of them are adopted already."""
    pairs = sorted((one.match.student_id, one.found.object_id) for one in taken if one.found)
    text = "\n".join([f"{tenant_id}/{provider}", *("\t".join(pair) for pair in pairs)])
    return sha256(text.encode()).hexdigest()[:16]
