"""Students who leave while an intake is queued: so many creations of one institution at once, and a suspension every few seconds."""

from collections.abc import Sequence

from consumer.events import AccountChange, AccountChanged, Provider
from consumer.tenants import MicrosoftLimits, Tenant
from proof.history import Call, History, Operation
from proof.simulation.guarding import guarded
from proof.simulation.run import START
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import LEFT, encoder, sequel
from sandbox.simulators.events import EventStream, Mix
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.sequels import newest_of
from sandbox.simulators.vendors import Quirks

_SCHOOL = {Provider.MICROSOFT: "north", Provider.GOOGLE: "south"}
_PLAIN = Mix(sync_disabled=0, idle=0, late=0, changed=0, withdrawn_first=0, repeated=0, tied=0, broken=0)
_WRITES, _CREATIONS = 300, 2
"""Limits of a vendor that is shared with much else: Graph's writes in 150 s, Google's creations in a second."""
_SETTLED = 90.0
"""Seconds after which the first students have their accounts, and the intake begins."""
_LEAVES_EVERY = 2.0


def intake_with_leavers(provider: Provider, students: int, *, leavers: int) -> Scenario:
    """So many students enrol at once, and `leavers`, who have accounts, leave one after the other meanwhile.

    The guard knows that so many leave.
    """
    everyone = [_limited(tenant) for tenant in guarded(accounts=leavers)]
    school = [tenant for tenant in everyone if tenant.id == _SCHOOL[provider]]
    stream = EventStream(seed=1, tenants=school, students=leavers + students, encoder=encoder(), mix=_PLAIN, spread=4)
    records = list(stream)
    newest = {student: record for (_, student), record in newest_of(records).items()}
    leaving = dict(list(newest.items())[:leavers])
    left = {student: _SETTLED + _LEAVES_EVERY * (turn + 1) for turn, student in enumerate(leaving)}
    sent = [
        *(Sent(0.0 if record.student_id in leaving else _SETTLED, record) for record in records),
        *(Sent(left[student], sequel(record, LEFT)) for student, record in leaving.items()),
    ]
    return Scenario(
        seed=1,
        sent=sorted(sent, key=lambda one: one.at),
        quirks=Quirks(
            google=GoogleQuirks(creations_per_second=_CREATIONS), graph=GraphQuirks(writes_per_window=_WRITES)
        ),
        tenants=everyone,
    )


def suspended_after(scenario: Scenario, history: History) -> Sequence[float]:
    """Seconds from each suspension's event to its outcome, the longest last."""
    sent = {one.record.event_id: START + one.at for one in scenario.sent}
    return sorted(
        found.outcome.occurred_at.timestamp() - sent[found.outcome.cause.event_id]
        for found in history.published
        if isinstance(found.outcome, AccountChanged) and found.outcome.change is AccountChange.SUSPENDED
    )


def created_while_leaving(scenario: Scenario, history: History) -> Sequence[Call]:
    """The accounts that were created between the first and the last event of a student who leaves."""
    left = [START + one.at for one in scenario.sent if one.at > _SETTLED]
    return [
        call
        for call in history.calls
        if call.operation is Operation.CREATE and call.effective and min(left) <= call.at <= max(left)
    ]


def _limited(tenant: Tenant) -> Tenant:
    """Keeps to the vendors' limits as they are here."""
    microsoft = tenant.microsoft and tenant.microsoft.model_copy(update={"limits": MicrosoftLimits(writes=_WRITES)})
    google = tenant.google and tenant.google.model_copy(
        update={"limits": tenant.google.limits.model_copy(update={"creations": _CREATIONS})}
    )
    return tenant.model_copy(update={"microsoft": microsoft, "google": google})
