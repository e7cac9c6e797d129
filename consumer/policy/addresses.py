"""Sign-in names a student may be given, in the order in which they are tried.

Limits: the local part is at most 64 characters of `a-z0-9.-_` (Entra's UPN alias: MSDOCS user-post-users; Google's user name
allows the same and more), begins and ends with a letter or digit, and holds no two separators in a row.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain, count, islice
from typing import NamedTuple

from consumer.events import Student, student_key
from consumer.policy.patterns import COUNTER, ID_FIELDS, NAME_FIELDS, Piece, pieces
from consumer.policy.reserved import is_reserved
from consumer.policy.romanisation import Romaniser, languages
from consumer.tenants import Addresses

BEST, MAX_CANDIDATES = 4, 50
"""The short list of candidates, which nearly always has a free one, and the long one."""
MAX_LOCAL_PART = 64

_SEPARATORS = "._-"
_RUN = re.compile(r"([._-])[._-]+")
_NOT_IN_AN_ID = re.compile(r"[^a-z0-9._-]+")
_FIRST_NAMESAKE = 2
_FALLBACK = ("{student_id}", "{student_id}-{n}")

_Values = Mapping[str, tuple[str, ...]]


class Choice(NamedTuple):
    """An address, or its local part, and the pattern that gives it."""

    pattern: str
    address: str


def candidates(
    addresses: Addresses, student: Student, *, country: str | None = None, most: int = MAX_CANDIDATES
) -> Sequence[str]:
    """Addresses to try for a student, best first: at least one, at most `most`, no two alike, the same on every call.

    The patterns are tried in their order, with n = 2; then those that hold `{n}` again with n = 3, 4, … The words of a name are joined by
    hyphens ("van der Berg": `van-der-berg`); a missing name takes the separator before it along; too long names lose words,
    then letters. A number that distinguishes students is never cut, and a pattern whose number is missing gives nothing.
    Where no pattern gives anything, the student's id does.

    Names are romanised as their own country does (`consumer.policy.romanisation`). Where the script leaves that open, the student's
    `preferred_language` decides, then `addresses.language`, then the language of `country`, the tenant's (ISO 3166).
    """
    return tuple(choice.address for choice in _choices(addresses, student, country, most))


def first_choice(addresses: Addresses, student: Student, *, country: str | None = None) -> Choice:
    """The first of `candidates`, and the pattern that gives it."""
    return _choices(addresses, student, country, 1)[0]


def is_candidate(addresses: Addresses, student: Student, address: str, *, country: str | None = None) -> bool:
    """Whether `address`, in lower case, is among the `candidates`. The best are tried first: the many more are seldom asked for."""
    return any(address in candidates(addresses, student, country=country, most=most) for most in (BEST, MAX_CANDIDATES))


def _choices(addresses: Addresses, student: Student, country: str | None, most: int) -> Sequence[Choice]:
    values = _values(student, languages(student.preferred_language, addresses.language, country=country))
    found = _from_patterns(addresses, addresses.patterns, values, most)
    if not found:
        anonymous = Choice(_FALLBACK[0], _anonymous(student.student_id))
        found = _from_patterns(addresses, _FALLBACK, values, most) or (anonymous,)
    return [Choice(pattern, f"{local}@{addresses.domain}") for pattern, local in found]


def _from_patterns(addresses: Addresses, patterns: Sequence[str], values: _Values, most: int) -> tuple[Choice, ...]:
    parsed = [(pattern, pieces(pattern)) for pattern in patterns]
    counted = [one for one in parsed if any(piece.field == COUNTER for piece in one[1])]
    further = ((one, n) for n in count(_FIRST_NAMESAKE + 1) for one in counted) if counted else ()
    attempts = islice(chain(((one, _FIRST_NAMESAKE) for one in parsed), further), 2 * MAX_CANDIDATES)
    # A counted pattern that gives nothing for one n gives nothing for any, so the search is bounded too.
    choices = (
        Choice(pattern, local)
        for (pattern, parts), n in attempts
        if (local := _local_part(parts, {**values, COUNTER: (str(n),)}))
    )
    allowed = (choice for choice in choices if not is_reserved(choice.address, also=addresses.reserved))
    return tuple(islice(_different(allowed), most))


def _different(found: Iterable[Choice]) -> Iterator[Choice]:
    seen: set[str] = set()
    for one in found:
        if one.address not in seen:
            seen.add(one.address)
            yield one


def _values(student: Student, tongues: Sequence[str]) -> _Values:
    names = (student.given_name, student.family_name, student.preferred_name or "")
    romaniser = Romaniser.of(names, tongues)
    given, family = romaniser.words(student.given_name), romaniser.words(student.family_name, surname=True)
    return {
        "given": given,
        "family": family,
        "preferred": romaniser.words(student.preferred_name or "") or given,
        "given_initial": (given[0][0],) if given else (),
        "family_initial": (family[0][0],) if family else (),
        "student_id": _id(student.student_id),
        "registration_number": _id(student.registration_number or ""),
    }


def _id(text: str) -> tuple[str, ...]:
    folded = _NOT_IN_AN_ID.sub("-", text.lower()).strip(_SEPARATORS)
    return (folded,) if folded else ()


def _local_part(pattern: tuple[Piece, ...], values: _Values) -> str | None:
    fields = [piece.field for piece in pattern if piece.field]
    if any(field not in NAME_FIELDS and not values[field] for field in fields):
        return None
    if not any(values[field] for field in fields if field in NAME_FIELDS or field in ID_FIELDS):
        return None
    while len(local := _assembled(pattern, values)) > MAX_LOCAL_PART:
        names = {field: values[field] for field in fields if field in NAME_FIELDS}
        longest = max(names, key=lambda field: len("-".join(names[field])), default=None)
        shorter = _shortened(names[longest], by=len(local) - MAX_LOCAL_PART) if longest else None
        if longest is None or shorter is None:
            return None
        values = {**values, longest: shorter}
    return local or None


def _shortened(name: tuple[str, ...], *, by: int) -> tuple[str, ...] | None:
    if len(name) > 1:
        return name[:-1]
    if not name or len(name[0]) == 1:
        return None
    return (name[0][: max(len(name[0]) // 2, len(name[0]) - by)],)  # by half at most: the names share the loss


def _assembled(pattern: tuple[Piece, ...], values: _Values) -> str:
    text = ""
    for piece in pattern:
        text += piece.literal
        if piece.field:
            value = "-".join(values[piece.field])
            text = text + value if value else text.rstrip(_SEPARATORS)
    return _RUN.sub(r"\1", text).strip(_SEPARATORS)


def _anonymous(student_id: str) -> str:
    """For an id without a single letter or digit that an address may hold."""
    return f"student-{sha256(student_key('', student_id)).hexdigest()[:12]}"
