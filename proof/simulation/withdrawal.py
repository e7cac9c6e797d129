"""A mistaken mass change: all students of an institution leave at once, or move where they lose their licences, and its guard is small."""

from collections.abc import Sequence

from consumer.ledger.port.guard import Verdict
from proof.simulation.faults import Fault, GuardDecided, Kill
from proof.simulation.guarding import guarded
from proof.simulation.institutions import UNLICENSED
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import ENROLLED, LEFT, MOVED_UP, encoder, sequel
from sandbox.simulators.events import PLAIN, EventStream, SimulatedRecord
from sandbox.simulators.sequels import newest_of

SCHOOL = "isles"
"""With accounts at both providers."""
LIMIT = 2
_WITHDRAWN, _DECIDED, _CORRECTED = 120.0, 300.0, 600.0


def withdrawal(
    seed: int, students: int, *, verdict: Verdict | None = None, corrected: bool = False, kills: int = 0
) -> Scenario:
    """All who enrolled leave within seconds. Then a person decides, or the institution corrects it, or neither."""
    everyone = guarded(accounts=LIMIT)
    records = _enrolled(seed, students)
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


def transfer(seed: int, students: int, *, verdict: Verdict | None = None) -> Scenario:
    """All who enrolled move to the school whose pupils have no licences, within seconds. Then a person may decide."""
    records = _enrolled(seed, students)
    moved = [_moved(record) for record in newest_of(records).values()]
    return Scenario(
        seed=seed,
        sent=[*(Sent(0.0, record) for record in records), *(Sent(_WITHDRAWN, record) for record in moved)],
        faults=[] if verdict is None else [GuardDecided(_DECIDED, SCHOOL, verdict)],
        tenants=guarded(accounts=LIMIT),
    )


def _enrolled(seed: int, students: int) -> Sequence[SimulatedRecord]:
    school = [tenant for tenant in guarded(accounts=LIMIT) if tenant.id == SCHOOL]
    return list(EventStream(seed=seed, tenants=school, students=students, encoder=encoder(), mix=PLAIN, spread=4))


def _moved(record: SimulatedRecord) -> SimulatedRecord:
    attributes = {**record.student.attributes, "school": UNLICENSED}
    return sequel(record, MOVED_UP, record.student.model_copy(update={"attributes": attributes}))
