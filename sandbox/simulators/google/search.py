"""The `query` of users.list: clauses of field, operator and value, all of which must hold.

Syntax and fields: the Directory API's guide "Search for users". `=` compares whole values, `:` looks for words or, with a
closing `*`, for a beginning; an organisational unit's path finds the units below it too. Values with
blanks stand in single quotes, in which `\\'` is a quote.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox.simulators.google.refusals import Refusal, invalid
from sandbox.simulators.google.user import User

_CLAUSE = re.compile(
    r"\s*(?:(?P<field>[A-Za-z][\w.]*)(?P<op>[=:]))(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>[^\s']+))(?=\s|$)"
)
_WORD = re.compile(r"[^\W_]+")

_FIELDS: Mapping[str, tuple[str, Callable[[User], Iterable[str]]]] = {
    "email": ("=:", lambda u: (u.primary_email, *u.aliases)),
    "name": ("=:", lambda u: (f"{u.given_name} {u.family_name}",)),
    "givenName": ("=:", lambda u: (u.given_name,)),
    "familyName": ("=:", lambda u: (u.family_name,)),
    "externalId": ("=:", lambda u: u.external_ids),
    "isAdmin": ("=", lambda u: (_word(yes=u.is_admin),)),
    "isDelegatedAdmin": ("=", lambda u: (_word(yes=u.is_delegated_admin),)),
    "isSuspended": ("=", lambda u: (_word(yes=u.suspended),)),
    "orgUnitPath": ("=", lambda u: _units(u.org_unit)),
}


@dataclass(frozen=True, slots=True)
class _Clause:
    field: str
    operator: str
    value: str

    def holds(self, user: User) -> bool:
        values = [value.casefold() for value in _FIELDS[self.field][1](user)]
        wanted = self.value.casefold()
        if self.operator == "=":
            return wanted in values
        if wanted.endswith("*"):
            return any(value.startswith(wanted[:-1]) for value in values)
        return any(set(_WORD.findall(wanted)) <= set(_WORD.findall(value)) for value in values)


class Search:
    """A parsed query. Raises `Refusal` (400 "Invalid Input: query") where it can't be read or names no field known here."""

    def __init__(self, query: str) -> None:
        self._clauses = tuple(_parsed(query))

    @property
    def external_id(self) -> str | None:
        """The external id that the query requires, if any; in lower case."""
        asked = (c.value for c in self._clauses if (c.field, c.operator) == ("externalId", "="))
        return next(asked, "").casefold() or None

    @property
    def org_unit(self) -> str | None:
        """The organisational unit that the query asks for; one that does not exist is refused (GAM's `INVALID_ORGUNIT` for users.list)."""
        return next((c.value for c in self._clauses if c.field == "orgUnitPath"), None)

    def finds(self, user: User) -> bool:
        """Whether every clause holds for the user."""
        return all(clause.holds(user) for clause in self._clauses)


def _parsed(query: str) -> Iterable[_Clause]:
    at = 0
    text = query.strip()
    while at < len(text):
        match = _CLAUSE.match(text, at)
        if match is None:
            raise _refusal()
        field, operator = match["field"], match["op"]
        if field not in _FIELDS or operator not in _FIELDS[field][0]:
            raise _refusal()
        quoted = match["quoted"]
        yield _Clause(field, operator, match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()


def _refusal() -> Refusal:
    return invalid("query")


def _units(path: str) -> Iterable[str]:
    return ("/", *(path[: end.start()] for end in re.finditer("/|$", path) if end.start()))


def _word(*, yes: bool) -> str:
    return "true" if yes else "false"
