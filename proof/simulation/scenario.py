"""What happens in a simulation, all of it from a seed: who enrols, what was there before, and what goes wrong when."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from consumer.events import Provider, Student
from consumer.failpoints import Point
from consumer.tenants import Guard, Tenant
from proof.simulation.changing import changing
from proof.simulation.dry_running import dry_running
from proof.simulation.faults import (
    AccountsChanged,
    ConsumerFails,
    DryRunOver,
    Fault,
    PasswordsReplaced,
    RecordsUnreadable,
    Spell,
    TenantSetAside,
    over_at,
)
from proof.simulation.guarding import guarding
from proof.simulation.institutions import VISITED, tenants
from proof.simulation.mishaps import mishaps
from proof.simulation.records import losing, unreadable
from proof.simulation.refusing import refusing
from proof.simulation.reloading import setting_aside
from proof.simulation.replacing import replacing
from proof.simulation.sequels import ENROLLED, departures, encoder, moves_up, sequel, sequels
from proof.simulation.unconfigured import configured_late, never_configured
from proof.simulation.vendors import tenant_of
from proof.simulation.visits import visits
from sandbox.simulators.events import EventStream, Mix, SimulatedRecord
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.sequels import newest_of
from sandbox.simulators.vendors import Quirks

_ENROLLING = 60.0
"""Seconds within which all events come."""


class Beforehand(StrEnum):
    """What is in the directory before the student's first event."""

    FOREIGN = "another user has the address"
    OURS = "our account is there"
    DELETED = "our account was deleted"
    STAFF = "a teacher's number is the student's"
    GUEST = "a guest's account bears our marker"
    ADMINISTRATOR = "an administrator's account bears our marker"
    SYNCHRONISED = "an account that is written elsewhere bears our marker"


_AIMED = (Spell, PasswordsReplaced, AccountsChanged, RecordsUnreadable, TenantSetAside, DryRunOver)
_HOLDING = frozenset({Beforehand.GUEST, Beforehand.ADMINISTRATOR, Beforehand.SYNCHRONISED})


@dataclass(frozen=True, slots=True)
class Resident:
    """An account that is there beforehand."""

    tenant_id: str
    provider: Provider
    student: Student
    what: Beforehand


@dataclass(frozen=True, slots=True)
class Sent:
    """An event, when it is sent."""

    at: float
    record: SimulatedRecord


@dataclass(frozen=True, slots=True)
class Scenario:
    """`crashes` are the points at which a process dies, one after the other, whichever reaches the next one first.

    `stalls` are points at which one stands still, each for so many seconds.
    """

    seed: int
    sent: Sequence[Sent]
    residents: Sequence[Resident] = ()
    faults: Sequence[Fault] = ()
    crashes: Sequence[Point] = ()
    stalls: Mapping[Point, float] = field(default_factory=dict[Point, float])
    quirks: Quirks = field(default_factory=Quirks)
    replicas: int = 2
    tenants: Sequence[Tenant] = field(default_factory=tenants)

    @property
    def healed_at(self) -> float:
        """When the last ordered fault is over."""
        return max((over_at(fault) for fault in self.faults), default=0.0)

    @property
    def spared(self) -> frozenset[str]:
        """Tenants that no fault is aimed at, where all of them are aimed at tenants, and no vendor is slow for any of them.

        A tenant with an account that makes a student wait for a person is not spared, nor is one with a guard of its own.
        """
        aimed = [fault for fault in self.faults if isinstance(fault, _AIMED)]
        if self.crashes or self.stalls or len(aimed) < len(self.faults) or self.quirks != Quirks():
            return frozenset()
        hit = {tenant_of(one.host) if isinstance(one, Spell) else one.tenant_id for one in aimed}
        hit |= {one.tenant_id for one in self.residents if one.what in _HOLDING}
        return frozenset(one.id for one in self.tenants if one.guard == Guard()) - hit


def scenario(seed: int) -> Scenario:
    """The seed's own."""
    rng = random.Random(f"{seed}/scenario")  # noqa: S311  repeatable, guards nothing
    records = _records(seed, rng)
    replicas = rng.choice((2, 2, 3))
    sent = _with_departures(_with_moves(_with_visits(_with_sequels(_times(records, rng), seed), seed), seed), seed)
    residents = _with_strangers(_residents(records, rng), records, seed)
    used = {record.tenant_id for record in records}
    faults = [
        *_faults(mishaps(rng, replicas), seed, replicas),
        *unreadable(random.Random(f"{seed}/unreadable"), used),  # noqa: S311  repeatable, guards nothing
        *setting_aside(random.Random(f"{seed}/reloading"), replicas, used),  # noqa: S311  repeatable, guards nothing
    ]
    lost = losing(random.Random(f"{seed}/losing"))  # noqa: S311  repeatable, guards nothing
    late = configured_late(random.Random(f"{seed}/late"), used)  # noqa: S311  repeatable, guards nothing
    dry = dry_running(random.Random(f"{seed}/dry"), [*faults, *lost, *late], used)  # noqa: S311  repeatable, guards nothing
    people, everyone = guarding(random.Random(f"{seed}/guarding"), [*faults, *lost, *late, *dry], used)  # noqa: S311  repeatable, guards nothing
    changed = changing(random.Random(f"{seed}/changing"), [*faults, *lost, *dry], used)  # noqa: S311  repeatable, guards nothing
    return Scenario(
        seed=seed,
        sent=[*sent, *_enrolled_anew(sent, changed), *_astray(records, seed)],
        residents=residents,
        faults=[*faults, *changed, *lost, *late, *dry, *people],
        crashes=_some_points(rng, 3),
        stalls={point: rng.choice((20.0, 90.0, 150.0)) for point in _some_points(rng, 2)},
        replicas=replicas,
        tenants=everyone,
        # What the ledger forgets can be found again only where vendors show it: see *A restored ledger* in docs/operations.md.
        quirks=Quirks() if lost else _quirks(rng),
    )


def _faults(drawn: Sequence[Fault], seed: int, replicas: int) -> Sequence[Fault]:
    """And what an institution has got wrong, or does with its accounts. No other conditions of the same host covers a refusal."""
    rng = random.Random(f"{seed}/refusing")  # noqa: S311  repeatable, guards nothing
    bad = {fault.host for fault in drawn if isinstance(fault, Spell)}
    refused = [spell for spell in refusing(rng) if spell.host not in bad]
    replaced = replacing(random.Random(f"{seed}/replacing"))  # noqa: S311  repeatable, guards nothing
    failing = _failing(random.Random(f"{seed}/failing"), replicas, drawn)  # noqa: S311  repeatable, guards nothing
    return [*drawn, *refused, *replaced, *failing]


def _failing(rng: random.Random, replicas: int, drawn: Sequence[Fault]) -> Sequence[Fault]:
    """A consumer that is fenced, mostly where other things befall the service too: seeds that only vendors trouble spare tenants.

    Once at most: twice within a minute ends its process, by the service's contract.
    """
    mixed = any(not isinstance(fault, Spell) for fault in drawn)
    if rng.random() >= (_FAILING_TOO if mixed else _FAILING):
        return ()
    return [ConsumerFails(rng.uniform(0.0, _ENROLLING), rng.choice((None, *range(replicas))))]


_FAILING_TOO, _FAILING = 0.3, 0.05


def _some_points(rng: random.Random, most: int) -> Sequence[Point]:
    """At one seed in three."""
    return rng.sample(tuple(Point), k=rng.choice((0, 0, rng.randint(1, most))))


def _records(seed: int, rng: random.Random) -> Sequence[SimulatedRecord]:
    def perhaps(*every: int) -> int:
        return rng.choice((0, *every))

    mix = Mix(
        sync_disabled=perhaps(5),
        idle=perhaps(4),
        late=perhaps(2, 3),
        changed=perhaps(2, 3),
        withdrawn_first=perhaps(3),
        repeated=perhaps(1, 2),
        tied=perhaps(2, 3),
        broken=perhaps(2, 3),
    )
    chosen = rng.sample(tenants(), k=rng.choice((1, 1, 2, 3)))
    stream = EventStream(seed=seed, tenants=chosen, students=rng.randint(3, 6), encoder=encoder(), mix=mix, spread=4)
    return list(stream)


def _times(records: Sequence[SimulatedRecord], rng: random.Random) -> Sequence[Sent]:
    """In their order, so that a student's own keep theirs: one student, one key."""
    times = sorted(rng.uniform(0.0, _ENROLLING) for _ in records)
    return [Sent(at, record) for at, record in zip(times, records, strict=True)]


def _with_sequels(sent: Sequence[Sent], seed: int) -> Sequence[Sent]:
    rng = random.Random(f"{seed}/sequels")  # noqa: S311  repeatable, guards nothing
    return _followed(sent, sequels([one.record for one in sent], rng), rng)


def _with_moves(sent: Sequence[Sent], seed: int) -> Sequence[Sent]:
    rng = random.Random(f"{seed}/moves")  # noqa: S311  repeatable, guards nothing
    return _followed(sent, moves_up([one.record for one in sent], rng), rng)


def _with_departures(sent: Sequence[Sent], seed: int) -> Sequence[Sent]:
    rng = random.Random(f"{seed}/departures")  # noqa: S311  repeatable, guards nothing
    return _followed(sent, departures([one.record for one in sent], rng), rng)


def _followed(
    sent: Sequence[Sent], following: Iterable[Sequence[SimulatedRecord]], rng: random.Random
) -> Sequence[Sent]:
    """What follows comes while the student's work is under way, or later."""
    last = {(one.record.tenant_id, one.record.student_id): one.at for one in sent}
    whole = list(sent)
    for records in following:
        at = last[records[0].tenant_id, records[0].student_id]
        for record in records:
            at += rng.choice((rng.uniform(0.0, 3.0), rng.uniform(0.0, _ENROLLING)))
            whole.append(Sent(at, record))
    return sorted(whole, key=lambda one: one.at)


def _with_visits(sent: Sequence[Sent], seed: int) -> Sequence[Sent]:
    """Some of the students come to visit, within a minute of what was last reported of them."""
    rng = random.Random(f"{seed}/visits")  # noqa: S311  repeatable, guards nothing
    last = {(one.record.tenant_id, one.record.student_id): one.at for one in sent}
    visiting = visits([one.record for one in sent], VISITED, rng)
    later = [Sent(last[one.tenant_id, one.student_id] + rng.uniform(0.0, _ENROLLING), one) for one in visiting]
    return sorted([*sent, *later], key=lambda one: one.at)


def _enrolled_anew(sent: Sequence[Sent], changed: Sequence[AccountsChanged]) -> Sequence[Sent]:
    """All students of an institution whose accounts were changed by hand, a minute later."""
    records = [one.record for one in sent]
    return [
        Sent(fault.at + _ANEW, sequel(record, ENROLLED))
        for fault in changed
        for (tenant_id, _), record in newest_of(records).items()
        if tenant_id == fault.tenant_id
    ]


_ANEW = 60.0


def _astray(records: Sequence[SimulatedRecord], seed: int) -> Sequence[Sent]:
    rng = random.Random(f"{seed}/astray")  # noqa: S311  repeatable, guards nothing
    return [Sent(rng.uniform(0.0, _ENROLLING), record) for record in never_configured(rng, records)]


def _residents(records: Sequence[SimulatedRecord], rng: random.Random) -> Sequence[Resident]:
    students = {(record.tenant_id, record.student_id): record.student for record in records if record.breakage is None}
    known = {tenant.id: tenant for tenant in tenants()}
    return [
        Resident(tenant_id, provider, student, rng.choice(_KNOWN))
        for (tenant_id, _), student in students.items()
        for provider in known[tenant_id].providers
        if rng.random() < _RESIDENT
    ]


_RESIDENT = 0.15
_STRANGE = 0.1
_KNOWN = (Beforehand.FOREIGN, Beforehand.OURS, Beforehand.DELETED)
_STRANGERS = (*[Beforehand.STAFF] * 2, Beforehand.GUEST, Beforehand.ADMINISTRATOR, Beforehand.SYNCHRONISED)


def _with_strangers(residents: Sequence[Resident], records: Sequence[SimulatedRecord], seed: int) -> Sequence[Resident]:
    """And accounts that must be left alone, whatever they bear; of students who have none themselves."""
    rng = random.Random(f"{seed}/strangers")  # noqa: S311  repeatable, guards nothing
    known = {tenant.id: tenant for tenant in tenants()}
    students = {(record.tenant_id, record.student_id): record.student for record in records if record.breakage is None}
    settled = {(one.tenant_id, one.provider, one.student.student_id) for one in residents}
    strangers = [
        Resident(tenant_id, provider, student, rng.choice(_STRANGERS))
        for (tenant_id, student_id), student in students.items()
        for provider in known[tenant_id].providers
        if rng.random() < _STRANGE and (tenant_id, provider, student_id) not in settled
    ]
    return [*residents, *strangers]


def _quirks(rng: random.Random) -> Quirks:
    """Habits of vendors. Limits that are lower than the published ones: other applications use a part of them."""
    limited = random.Random(rng.random())  # noqa: S311  repeatable, guards nothing
    return Quirks(
        graph=GraphQuirks(
            drops_employee_id=rng.random() < 0.2,  # noqa: PLR2004  one seed in five
            lag=rng.choice((0.0, 0.0, 5.0, 60.0)),
            lags_deletions=True,
            writes_per_window=limited.choice((None, None, 20)),
            retry_after=limited.choice((None, "2.128")),
        ),
        google=GoogleQuirks(
            settling=rng.choice((0.0, 0.0, 10.0, 40.0)),
            hides_settling_ids=rng.random() < 0.3,  # noqa: PLR2004  about one seed in three
            index_lag=rng.choice((0.0, 0.0, 20.0)),
            creations_per_second=limited.choice((None, None, 1.0)),
            org_units_per_second=1.0,
            org_unit_conflict=limited.choice(("input", "duplicate")),
            org_unit_lag=limited.choice((0.0, 0.0, 20.0)),
            licence_calls_per_second=limited.choice((None, 1.0)),
        ),
        mailgun=MailgunQuirks(ingestion_delay=rng.choice((0.0, 60.0, 300.0))),
    )
