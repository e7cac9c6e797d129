"""Address patterns such as `{given}.{family}{n}`: what may stand in one, and what is wrong with a bad one or a bad list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from string import Formatter

NAME_FIELDS = ("given", "family", "preferred", "given_initial", "family_initial")
ID_FIELDS = ("student_id", "registration_number")
COUNTER = "n"
FIELDS = (*NAME_FIELDS, *ID_FIELDS, COUNTER)

_LITERAL = re.compile(r"[a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a pattern: text as it stands, then a field (None at the pattern's end)."""

    literal: str
    field: str | None


def pieces(pattern: str) -> tuple[Piece, ...]:
    """Takes a pattern apart. Raises ValueError where its braces don't match; `pattern_errors` says so in words."""
    return tuple(Piece(literal, field) for literal, field, _, _ in Formatter().parse(pattern))


def pattern_errors(pattern: str) -> list[str]:
    """Everything that is wrong with a pattern, in sentences for the one who wrote it; empty where it is good."""
    try:
        parsed = list(Formatter().parse(pattern))
    except ValueError:
        return [f"`{pattern}` has a brace without its partner: a placeholder is written like {{family}}"]
    errors: list[str] = []
    for literal, field, spec, conversion in parsed:
        if not _LITERAL.fullmatch(literal):
            errors.append(
                f"`{literal}` in `{pattern}` can't stand in an address: use a-z, 0-9, full stop, hyphen, underscore"
            )
        if field is not None and (spec or conversion):
            errors.append(f"the placeholder {{{field}}} in `{pattern}` takes no format: write {{{field}}} alone")
        if field is not None and field not in FIELDS:
            errors.append(_unknown(field, pattern))
    fields = {field for _, field, _, _ in parsed if field is not None}
    if not errors and not fields - {COUNTER}:
        errors.append(f"`{pattern}` names nothing of the student: use one of {_listed((*NAME_FIELDS, *ID_FIELDS))}")
    return errors


class Exhausted(StrEnum):
    """Whom a list of patterns leaves without an address, permanently."""

    EVERY_NAMESAKE = "every_namesake"
    """The second student with the same names, since no pattern counts or holds an id."""
    NAMESAKES_WITHOUT_NUMBER = "namesakes_without_number"
    """The same, where the students have no registration number: the field is optional, and a pattern gives nothing without it."""


def exhausts(patterns: Sequence[str]) -> Exhausted | None:
    """Whether the list runs out of addresses at a second student with the same names; None where it does not.

    `{n}` counts namesakes, and `{student_id}` distinguishes them. Where every pattern holds `{registration_number}`, a student without one
    is called by the student id (see `addresses.candidates`), so that nothing runs out. Ids are unique within one tenant: for a domain that
    tenants share, only a counter is safe. The patterns must be free of `pattern_errors`.
    """
    fields = [{piece.field for piece in pieces(pattern)} for pattern in patterns]
    if any(COUNTER in of_one or "student_id" in of_one for of_one in fields):
        return None
    numbered = [of_one for of_one in fields if "registration_number" in of_one]
    if len(numbered) == len(fields):
        return None
    return Exhausted.NAMESAKES_WITHOUT_NUMBER if numbered else Exhausted.EVERY_NAMESAKE


def _unknown(field: str, pattern: str) -> str:
    near = get_close_matches(field.lower(), FIELDS, n=1)
    hint = f"did you mean {{{near[0]}}}?" if near else f"use one of {_listed(FIELDS)}"
    return f"`{pattern}` has an unknown placeholder {{{field}}}: {hint}"


def _listed(fields: tuple[str, ...]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)
