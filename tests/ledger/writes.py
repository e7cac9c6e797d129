"""Writes that tests of the ledger begin with."""

from uuid import UUID

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import BeginStep, EndStep, Publish, Settle, TenantWaits

MS = Provider.MICROSOFT
CREATE = (MS, StepName.CREATE)
BEGIN = BeginStep(MS, StepName.CREATE, 1, b"hash", timeout=30)
ACCOUNT = Account(MS, "m.rossi@x.example", "s1", {"address": "m.rossi@x.example", "org_unit": None})

SETTLE = Settle(1, Disposition.APPLIED, verify_in=900)


def ended(state: StepState) -> EndStep:
    return EndStep(MS, StepName.CREATE, state)


def waits(seconds: float) -> TenantWaits:
    return TenantWaits("microsoft", seconds, Reason.THROTTLED, StepName.CREATE)


def outcome(number: int = 1) -> Publish:
    return Publish(UUID(int=number), "outcomes", b"north/s1", b"value", (("ce_id", b"1"),))
