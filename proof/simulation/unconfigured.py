"""Events of institutions whose file comes late, or never."""

import random
from collections.abc import Collection, Sequence
from dataclasses import replace

from consumer.events import student_key
from proof.simulation.faults import TenantConfigured
from proof.simulation.sequels import ENROLLED, sequel
from sandbox.simulators.breakage import UNKNOWN_TENANT, Breakage
from sandbox.simulators.events import SimulatedRecord

_LATE, _NEVER = 0.08, 0.1
_FIRST, _LAST = 10.0, 100.0
"""Seconds: when a late file comes. What came before it is still parked then."""


def configured_late(rng: random.Random, tenant_ids: Collection[str]) -> Sequence[TenantConfigured]:
    """At some seeds, one of these institutions."""
    if rng.random() >= _LATE:
        return ()
    return [TenantConfigured(rng.uniform(_FIRST, _LAST), rng.choice(sorted(tenant_ids)), rng.uniform(1.0, 15.0))]


def never_configured(rng: random.Random, records: Sequence[SimulatedRecord]) -> Sequence[SimulatedRecord]:
    """At some seeds, one or two events that name no institution of ours."""
    if rng.random() >= _NEVER:
        return ()
    return [astray(record) for record in rng.sample(list(records), k=min(len(records), rng.randint(1, 2)))]


def astray(record: SimulatedRecord) -> SimulatedRecord:
    """What an unknown institution reports of the same student."""
    of_no_one = replace(
        record,
        tenant_id=UNKNOWN_TENANT,
        key=student_key(UNKNOWN_TENANT, record.student_id),
        breakage=Breakage.UNKNOWN_TENANT,
    )
    return sequel(of_no_one, ENROLLED)
