"""What two configurations of a tenant make of the same event: who would gain an account, lose one, or have another one. Pure.

An event that does nothing leaves the accounts as they are, and so does one that goes to the dead letters. So a student who is passed over
by one configuration, and given an account by the other, gains or loses by the change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple, assert_never

from consumer.events import Provider, ProviderAction, Student, StudentStatusChanged
from consumer.policy.addresses import Choice, first_choice
from consumer.policy.condition import matches
from consumer.policy.decision import Act, Decision, DecisionTable, Refuse, Skip
from consumer.policy.rules import grant, withdrawal
from consumer.tenants import Tenant

NOTHING = "nothing"
"""What is said of a decision that does nothing, for whichever reason."""


class Effect(StrEnum):
    """What a change of the configuration means to a student's accounts."""

    GAINS = "gains"
    """One that the current configuration does not give, or a suspension less."""
    LOSES = "loses"
    """One that the current configuration gives, or its sign-in."""
    CHANGES = "changes"
    """What the accounts have; or the student gains one and loses another."""


class Part(StrEnum):
    """What two configurations can differ in."""

    DECISION = "decision"
    ACCOUNT = "account"
    ADDRESS = "address"
    ORG_UNIT = "org_unit"
    LICENCES = "licences"
    GROUPS = "groups"
    ADMIN_UNIT = "admin_unit"
    SUSPENSION = "suspension"
    WELCOME_EMAIL = "welcome_email"
    DELETION_NOTICE = "deletion_notice"


class Basis(NamedTuple):
    """What decided: the row of `statuses` and the rules that matched, by their numbers in the file from 1."""

    decision: str
    row: int | None = None
    rules: tuple[int, ...] = ()


class Change(NamedTuple):
    """What would be taken away and added in one part, at one provider where it is a provider's. Never a name or an address: of addresses,
    the patterns are given."""

    part: Part
    provider: Provider | None
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a student would fare by the candidate (`after`) in place of the current configuration (`before`)."""

    effect: Effect
    before: Basis
    after: Basis
    changes: tuple[Change, ...]


class _Access(IntEnum):
    """What becomes of the sign-in at one provider, from the least to the most."""

    DELETED = 0
    BLOCKED = 1
    UNCHANGED = 2
    OPEN = 3


_Parts = Mapping[tuple[Part, Provider | None], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What one configuration does for a student."""

    basis: Basis
    access: Mapping[Provider, _Access]
    parts: _Parts
    address: Choice | None = None


class Comparison:
    """Of the configuration in force with a candidate. None: the tenant is not configured."""

    def __init__(self, before: Tenant | None, after: Tenant | None) -> None:
        named = before is None or after is None or _naming(before) != _naming(after)
        self._before = _Configuration(before, addresses=named)
        self._after = _Configuration(after, addresses=named)

    def of(self, event: StudentStatusChanged) -> Difference | None:
        """How the two differ for this event's student; None where they do the same."""
        before, after = self._before.forecast(event), self._after.forecast(event)
        changes = tuple(_changes(before, after))
        return Difference(_effect(before, after), before.basis, after.basis, changes) if changes else None


class _Configuration:
    def __init__(self, tenant: Tenant | None, *, addresses: bool) -> None:
        self._tenant = tenant
        self._table = DecisionTable.of([tenant] if tenant else [])
        self._addresses = addresses

    def forecast(self, event: StudentStatusChanged) -> _Forecast:
        student = event.student
        decision = self._table.decide(
            event.tenant_id,
            event.status.id,
            external_sync_disabled=student.external_sync_disabled,
            attributes=student.attributes,
        )
        basis = Basis(_said(decision), self._row(event))
        if not isinstance(decision, Act) or self._tenant is None:
            return _Forecast(basis, {}, {})
        match decision.action:
            case ProviderAction.CREATE_ACCOUNT:
                return self._opened(self._tenant, student, decision, basis)
            case ProviderAction.UPDATE_ACCOUNT:
                return _kept_up(self._tenant, student, decision, basis)
            case ProviderAction.SUSPEND_ACCOUNT:
                return _blocked(self._tenant, decision, basis, _Access.BLOCKED)
            case ProviderAction.DELETE_ACCOUNT:
                return _blocked(self._tenant, decision, basis, _Access.DELETED)
            case ProviderAction.RELEASE_ACCOUNT:
                return _Forecast(basis, {}, {})
            case _:
                assert_never(decision.action)

    def _row(self, event: StudentStatusChanged) -> int | None:
        rows = enumerate(self._tenant.statuses if self._tenant else (), start=1)
        attributes = event.student.attributes
        return next((n for n, row in rows if row.id == event.status.id and matches(row.when, attributes)), None)

    def _opened(self, tenant: Tenant, student: Student, decision: Act, basis: Basis) -> _Forecast:
        kept_up = _kept_up(tenant, student, decision, basis)
        mail = {(Part.WELCOME_EMAIL, None): (tenant.welcome_email.template,)} if tenant.welcome_email.enabled else {}
        return _Forecast(
            kept_up.basis,
            dict.fromkeys(decision.providers, _Access.OPEN),
            {**kept_up.parts, **mail},
            first_choice(tenant.addresses, student, country=tenant.country) if self._addresses else None,
        )


def _blocked(tenant: Tenant, decision: Act, basis: Basis, access: _Access) -> _Forecast:
    """An account that is to be deleted is suspended first."""
    parts: dict[tuple[Part, Provider | None], tuple[str, ...]] = {}
    for at in decision.providers:
        taken = withdrawal(tenant, at)
        said = {"end_sessions": taken.sessions, "remove_licences": taken.licences, taken.org_unit or "": True}
        parts[Part.SUSPENSION, at] = tuple(name for name, wanted in said.items() if name and wanted)
    if access is _Access.DELETED and (notice := tenant.deletion.notice):
        parts[Part.DELETION_NOTICE, None] = (notice.template,)
    return _Forecast(basis, dict.fromkeys(decision.providers, access), parts)


def _kept_up(tenant: Tenant, student: Student, decision: Act, basis: Basis) -> _Forecast:
    """What an account has, if there is one: who has none gets none."""
    parts: dict[tuple[Part, Provider | None], tuple[str, ...]] = {}
    for at in decision.providers:
        given = grant(tenant, student, at)
        parts[Part.ORG_UNIT, at] = (given.org_unit,) if given.org_unit else ()
        parts[Part.LICENCES, at] = given.licences
        parts[Part.GROUPS, at] = given.groups
        parts[Part.ADMIN_UNIT, at] = given.admin_units
    rules = tuple(n for n, rule in enumerate(tenant.rules, 1) if matches(rule.when, student.attributes))
    return _Forecast(basis._replace(rules=rules), {}, parts)


def _naming(tenant: Tenant) -> object:
    return tenant.addresses, tenant.country


def _said(decision: Decision) -> str:
    match decision:
        case Act(action):
            return action.value
        case Skip():
            return NOTHING
        case Refuse(refusal):
            return f"refused: {refusal}"


def _changes(before: _Forecast, after: _Forecast) -> Iterator[Change]:
    """In the order of the parts. Of an account that one opens and the other blocks, what it has is left out: it keeps that, but for what
    the suspension takes.
    """
    if before.basis.decision != after.basis.decision:
        yield Change(Part.DECISION, None, (before.basis.decision,), (after.basis.decision,))
    other = [at for at in Provider if before.access.get(at) != after.access.get(at)]
    for at in other:
        yield Change(Part.ACCOUNT, at, _account(before, at), _account(after, at))
    if before.address and after.address and before.address.address != after.address.address:
        yield Change(Part.ADDRESS, None, (_written(before.address),), (_written(after.address),))
    opposed = [at for at in other if at in before.access and at in after.access]
    for part, at in ((part, at) for part in Part for at in (None, *Provider)):
        if at in opposed and part is not Part.SUSPENSION:
            continue
        old, new = before.parts.get((part, at), ()), after.parts.get((part, at), ())
        removed, added = _without(old, new), _without(new, old)
        if removed or added:
            yield Change(part, at, removed, added)


def _account(forecast: _Forecast, at: Provider) -> tuple[str, ...]:
    match forecast.access.get(at):
        case _Access.OPEN:
            return ("open",)
        case _Access.BLOCKED:
            return ("suspended",)
        case _Access.DELETED:
            return ("deleted",)
        case _:
            return ()


def _written(choice: Choice) -> str:
    """The pattern and the domain: the address itself is the student's."""
    return f"{choice.pattern}@{choice.address.rpartition('@')[2]}"


def _without(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in these if one not in those)


def _effect(before: _Forecast, after: _Forecast) -> Effect:
    pairs = [(before.access.get(at, _Access.UNCHANGED), after.access.get(at, _Access.UNCHANGED)) for at in Provider]
    gains, loses = any(old < new for old, new in pairs), any(old > new for old, new in pairs)
    if gains == loses:
        return Effect.CHANGES
    return Effect.GAINS if gains else Effect.LOSES
