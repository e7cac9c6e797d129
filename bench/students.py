"""Students of measurements that leave the steps out: their events, and what stands for a step of them."""

from datetime import UTC, datetime

from consumer.errors import Reason
from consumer.events import Provider, ProviderAction, Status, StepName, Student, StudentStatusChanged
from consumer.ledger.port.inbox import Arrival
from consumer.ledger.port.student import Job, StepState
from consumer.ledger.port.writes import BeginStep, EndStep

PROVIDER = Provider.MICROSOFT
ENDED = EndStep(PROVIDER, StepName.CREATE, StepState.DONE)
LOST = EndStep(PROVIDER, StepName.CREATE, StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN)


def arrival(event_id: str, tenant_id: str, student_id: str, *, version: int, topic: str, offset: int) -> Arrival:
    """An event that asks for an account, on the topic's first partition."""
    event = StudentStatusChanged(
        event_id=event_id,
        occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
        tenant_id=tenant_id,
        version=version,
        status=Status(id="enrolled", name="Enrolled", type="Registered"),
        student=Student(student_id=student_id, given_name="Maria", family_name="Rossi"),
    )
    return Arrival(topic, 0, offset, event, ProviderAction.CREATE_ACCOUNT, (PROVIDER,), event_id.encode())


def begun(job: Job) -> BeginStep:
    """The intent of the step."""
    return BeginStep(PROVIDER, StepName.CREATE, job.desired.event.version, b"hash", timeout=30)
