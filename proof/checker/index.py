"""A history, sorted once, so that nothing is looked for twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consumer.events import Provider
from consumer.ledger.port.student import AccountState
from consumer.policy.marker import marker
from proof.history import (
    Call,
    Change,
    DeadLetter,
    ExpectedOutcome,
    Followed,
    HeldAccount,
    History,
    InboxRow,
    Input,
    Operation,
    Place,
    PublishedOutcome,
)

Student = tuple[str, str]
"""Tenant and student."""

Spot = tuple[str, str, str]
"""Tenant, provider, and an object's id or a marker."""

PROVIDERS = frozenset(provider.value for provider in Provider)


@dataclass(slots=True)
class Wanted:
    """A student for whom some event acts. `accepted` are the inbox's events, and those that must be there: each once, as on the topic.

    `providers` are where the newest event wants an account; none where it cancelled the work of the one before. `updated` are where it
    wants one only if it is there, `suspended` where it wants no one to sign in, `deleted` and `released` where it wants that; `followed` is
    what the account is to be, where it follows the rules. `ever` are those of any event.
    """

    accepted: list[Input] = field(default_factory=list[Input])
    newest: int = -1
    providers: frozenset[Provider] = frozenset()
    updated: frozenset[Provider] = frozenset()
    suspended: frozenset[Provider] = frozenset()
    deleted: frozenset[Provider] = frozenset()
    released: frozenset[Provider] = frozenset()
    followed: Mapping[Provider, Followed] = field(default_factory=dict[Provider, Followed])
    ever: frozenset[Provider] = frozenset()


class Index:
    """What the modules of the checker share."""

    def __init__(self, history: History) -> None:
        self.history = history
        ledger = history.ledger
        self.inputs: dict[Place, Input] = {one.place: one for one in history.inputs}
        self.inbox = {(row.tenant_id, row.event_id): row for row in ledger.inbox}
        self.dead_letters: dict[Place, list[DeadLetter]] = defaultdict(list)
        for dead_letter in history.dead_letters:
            self.dead_letters[dead_letter.origin].append(dead_letter)
        self.rows = {(row.tenant_id, row.student_id): row for row in ledger.students}
        self.accounts = {(row.tenant_id, row.student_id, row.provider.value): row for row in ledger.accounts}
        self.held: dict[Spot, HeldAccount] = {
            (one.tenant_id, one.provider.value, one.object_id): one for one in history.accounts
        }
        self.published: dict[tuple[str, str, str], list[PublishedOutcome]] = defaultdict(list)
        for published in history.published:
            outcome = published.outcome
            self.published[outcome.tenant_id, outcome.student_id, outcome.provider.value].append(published)
        self.changes: dict[str, list[Change]] = defaultdict(list)
        for change in history.changes:
            self.changes[change.table].append(change)
        self.students = _students(history.inputs, self.inbox)
        self.owners: dict[Spot, Student] = {
            (tenant_id, provider.value, marker(provider, tenant_id, student_id)): (tenant_id, student_id)
            for (tenant_id, student_id), wanted in self.students.items()
            for provider in wanted.ever
        }
        self.released = {
            (row.tenant_id, row.provider.value, row.object_id or ""): row
            for row in ledger.accounts
            if row.state == AccountState.RELEASED
        }
        self.made: dict[Spot, Call] = {}
        self.about: dict[Spot, list[Call]] = defaultdict(list)
        for call in history.calls:
            if call.tenant_id is not None and call.object_id is not None and call.service in PROVIDERS:
                spot = (call.tenant_id, call.service, call.object_id)
                self.about[spot].append(call)
                if call.operation is Operation.CREATE and call.effective:
                    self.made[spot] = call
        self.made_for: dict[tuple[str, str, str], list[Call]] = defaultdict(list)
        for spot, call in self.made.items():
            if owner := self.owner(spot):
                self.made_for[(*owner, spot[1])].append(call)
        self.addresses = _addresses(self)
        """By object: every address that it has had."""
        self.at_address: dict[tuple[str, str], list[Spot]] = defaultdict(list)
        for spot, address in ((spot, one) for spot, had in self.addresses.items() for one in had):
            self.at_address[spot[0], address].append(spot)
        self.fired = sum(history.faults.values()) > 0 or bool(history.deaths)
        self.standing = _standing(self)

    def owner(self, spot: Spot) -> Student | None:
        """Whose account the object is, by the creation that made it, else by its marker at the end, else by the ledger's release of it."""
        made, held = self.made.get(spot), self.held.get(spot)
        mark = made.marker if made else held.marker if held else None
        if mark is None and spot in self.released:
            row = self.released[spot]
            return row.tenant_id, row.student_id
        return self.owners.get((*spot[:2], mark)) if mark else None

    def held_for(self, student: Student, provider: Provider) -> bool:
        """Whether the student waits for a person at the provider, at the end, by the ledger's changes."""
        waits: dict[str, bool] = {}
        for change in self.changes.get("student_wait", ()):
            row = change.row
            if (row["tenant_id"], row["student_id"], row["provider"]) == (*student, provider.value):
                waits[row["step"]] = bool(row.get("held")) and not row.get("gone")
        return any(waits.values())

    def shows_ours(self, spot: Spot, call: Call) -> bool:
        """Whether the object of the call bears the whole marker of a known student, or bore it until it was released."""
        if call.operation is Operation.RELEASE and spot in self.released:
            return True  # its marker is gone
        return call.marker is not None and (*spot[:2], call.marker) in self.owners

    def owner_of_call(self, call: Call) -> Student | None:
        """Whom a call at a provider was for, as far as it tells."""
        if call.tenant_id is None:
            return None
        if call.object_id is not None:
            return self.owner((call.tenant_id, call.service, call.object_id))
        return self.owners.get((call.tenant_id, call.service, call.marker)) if call.marker else None


def of(student: tuple[object, ...], provider: str | None = None) -> str:
    """The subject of a violation."""
    name = "/".join(str(part) for part in student)
    return name if provider is None else f"{name} at {provider}"


def _students(inputs: Iterable[Input], inbox: Mapping[tuple[str, str], InboxRow]) -> dict[Student, Wanted]:
    """Who is to have what: of the records that share an event id only one counts, the one that the inbox took.

    An event that does nothing counts where the inbox took it, to cancel what was not settled.
    """
    events: dict[tuple[str, str], Input] = {}
    for one in inputs:
        if one.tenant_id is None or one.event_id is None:
            continue
        event = (one.tenant_id, one.event_id)
        row = inbox.get(event)
        taken = row is not None and row.place == one.place
        if taken or (one.expected is ExpectedOutcome.ACT and event not in events):
            events[event] = one
    students: dict[Student, Wanted] = {}
    for (tenant_id, _), one in events.items():
        wanted = students.setdefault((tenant_id, one.student_id or ""), Wanted())
        wanted.accepted.append(one)
        wanted.ever |= set(one.providers)
        version = one.version or 0
        if version > wanted.newest:
            wanted.newest = version
            wanted.providers, wanted.updated, wanted.suspended = one.wants, one.updates, one.suspends
            wanted.deleted, wanted.released, wanted.followed = one.deletes, one.releases, one.followed
    return students


def _addresses(index: Index) -> Mapping[Spot, frozenset[str]]:
    had = {spot: {held.address} for spot, held in index.held.items()}
    for spot, calls in index.about.items():
        had.setdefault(spot, set()).update(call.address for call in calls if call.address is not None)
    return {spot: frozenset(addresses) for spot, addresses in had.items()}


def _standing(index: Index) -> dict[Spot, list[HeldAccount]]:
    """Accounts that are live at the end, by marker, or by the marker that their creation asked for."""
    standing: dict[Spot, list[HeldAccount]] = defaultdict(list)
    for spot, held in index.held.items():
        made = index.made.get(spot)
        mark = held.marker or (made.marker if made else None)
        if mark is not None and not held.deleted:
            standing[spot[0], spot[1], mark].append(held)
    return standing
