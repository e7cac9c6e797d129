"""A mistaken mass withdrawal: all students of an institution leave at once, and its guard is small."""

from consumer.ledger.port.guard import Verdict
from proof.simulation.faults import Fault, GuardDecided, Kill
from proof.simulation.guarding import guarded
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import ENROLLED, LEFT, encoder, sequel
from sandbox.simulators.events import EventStream, Mix
from sandbox.simulators.sequels import newest_of

SCHOOL = "isles"
"""With accounts at both providers."""
LIMIT = 2
_PLAIN = Mix(sync_disabled=0, idle=0, late=0, changed=0, withdrawn_first=0, repeated=0, tied=0, broken=0)
_WITHDRAWN, _DECIDED, _CORRECTED = 120.0, 300.0, 600.0


def withdrawal(
    seed: int, students: int, *, verdict: Verdict | None = None, corrected: bool = False, kills: int = 0
) -> Scenario:
    """All who enrolled leave within seconds. Then a person decides, or the institution corrects it, or neither."""
    everyone = guarded(accounts=LIMIT)
    school = [tenant for tenant in everyone if tenant.id == SCHOOL]
    stream = EventStream(seed=seed, tenants=school, students=students, encoder=encoder(), mix=_PLAIN, spread=4)
    records = list(stream)
    left = [sequel(record, LEFT) for record in newest_of(records).values()]
    back = [sequel(record, ENROLLED) for record in left] if corrected else []
    faults: list[Fault] = [Kill(_WITHDRAWN + 1.0 + turn, turn % 2, 5.0) for turn in range(kills)]
    if verdict is not None:
        faults.append(GuardDecided(_DECIDED, SCHOOL, verdict))
    return Scenario(
        seed=seed,
        sent=[
            *(Sent(0.0, record) for record in records),
            *(Sent(_WITHDRAWN, record) for record in left),
            *(Sent(_CORRECTED, record) for record in back),
        ],
        faults=faults,
        tenants=everyone,
    )
