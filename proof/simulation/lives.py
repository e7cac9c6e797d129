"""Students with random lives: up to eight events each, of every kind and in any order, among faults that do not end before they do."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from proof.simulation.faults import Fault, Kill, over_at
from proof.simulation.guarding import guarded
from proof.simulation.mishaps import mishaps
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import DEPARTED, ENROLLED, GRADUATED, LEFT, MOVED_UP, WITHDRAWN, encoder, sequel
from sandbox.simulators.events import PLAIN, EventStream, SimulatedRecord
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.sequels import newest_of
from sandbox.simulators.vendors import Quirks

STUDENTS = 100
"""Of one world."""

_LONGEST = 8
_KINDS = (*[ENROLLED] * 4, *[LEFT] * 3, *[DEPARTED] * 3, *[MOVED_UP] * 2, *[WITHDRAWN] * 2, GRADUATED)
_BEGIN = 600.0
"""Seconds within which the lives begin."""
_EVERY = 600.0
"""Seconds after which another few faults are drawn, as long as events come."""
_REPEATED, _SWAPPED = 0.15, 0.15


def lives(seed: int, *, students: int) -> Scenario:
    """The seed's own. All institutions' guards let everybody pass."""
    rng = random.Random(f"{seed}/lives")  # noqa: S311  repeatable, guards nothing
    replicas = rng.choice((2, 3))
    everyone = guarded(accounts=_LONGEST * students)
    stream = EventStream(seed=seed, tenants=everyone, students=students, encoder=encoder(), mix=PLAIN)
    enrolments = newest_of(stream).values()
    sent = sorted((one for enrolled in enrolments for one in _life(enrolled, rng)), key=lambda one: one.at)
    return Scenario(
        seed=seed,
        sent=sent,
        faults=_faults(rng, replicas, until=sent[-1].at),
        quirks=_quirks(rng),
        replicas=replicas,
        tenants=everyone,
    )


def _life(enrolled: SimulatedRecord, rng: random.Random) -> Iterator[Sent]:
    """Some events come again, at once or later, and some overtake the one before."""
    records: list[SimulatedRecord] = [enrolled]
    for _ in range(rng.randint(1, _LONGEST)):
        records.append(_next(records[-1], rng.choice(_KINDS), rng))
    # Some begin with another event than an enrolment.
    records = records[:-1] if rng.random() < 0.8 else records[1:]  # noqa: PLR2004  four of five
    for place in range(len(records) - 1):
        if rng.random() < _SWAPPED:
            records[place], records[place + 1] = records[place + 1], records[place]
    at = rng.uniform(0.0, _BEGIN)
    for record in records:
        yield Sent(at, record)
        if rng.random() < _REPEATED:
            yield Sent(at + rng.choice((0.0, rng.uniform(0.0, _EVERY))), record)
        at += rng.choice((rng.uniform(0.0, 3.0), rng.uniform(0.0, 60.0), rng.uniform(60.0, 300.0)))


def _next(before: SimulatedRecord, status: str, rng: random.Random) -> SimulatedRecord:
    if status is not MOVED_UP:
        return sequel(before, status)
    attributes = {**before.student.attributes, "school": rng.choice(SCHOOLS)}
    return sequel(before, status, before.student.model_copy(update={"attributes": attributes}))


def _faults(rng: random.Random, replicas: int, *, until: float) -> Sequence[Fault]:
    """Replicas die all the time, and the last fault is over when all events have come, or later."""
    faults: list[Fault] = []
    for turn in range(int(until / _EVERY) + 1):
        drawn = mishaps(rng, replicas)
        faults += [replace(fault, at=fault.at + turn * _EVERY) for fault in drawn]
        faults.append(Kill(turn * _EVERY + rng.uniform(0.0, _EVERY), rng.randrange(replicas), rng.uniform(1.0, 60.0)))
    last = max([until, *(over_at(fault) for fault in faults)])
    return sorted([*faults, Kill(last, 0, 1.0)], key=lambda fault: fault.at)


def _quirks(rng: random.Random) -> Quirks:
    """Replicas lag behind at two seeds of three."""
    lag = rng.choice((0.0, 5.0, 60.0))
    return Quirks(
        graph=GraphQuirks(lag=lag, lags_deletions=True),
        google=GoogleQuirks(settling=rng.choice((0.0, 10.0, 40.0)), hides_settling_ids=lag > 0.0, index_lag=lag / 3),
        mailgun=MailgunQuirks(ingestion_delay=rng.choice((0.0, 60.0, 300.0))),
    )
