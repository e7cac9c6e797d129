"""What became of each attempt at a step. It holds no personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.student import StepState


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as it ended. One whose outcome was found out later has an entry for each: first UNKNOWN, then what it was.

    An attempt whose process died ended UNKNOWN, at the latest at its call's deadline. `code` and `request_id` are the vendor's own, of a
    failure. `replica` began it; None where a version that kept no history did.
    """

    provider: Provider
    step: StepName
    number: int
    state: StepState
    version: int
    started_at: datetime
    ended_at: datetime
    reason: Reason | None = None
    code: str | None = None
    request_id: str | None = None
    replica: str | None = None


class History(Protocol):
    """Blocking. May raise `Unavailable`."""

    def attempts(self, tenant_id: str, student_id: str) -> Sequence[Attempt]:
        """Those that are still kept, the oldest first."""
        ...
