"""Log lines of waits that concern more than one student: when one begins, a reminder while it lasts, when it ends."""

from dataclasses import dataclass

import structlog

from consumer.errors import Hold, OutcomeUnknown, RetryLater
from consumer.observe.sparing import REMINDER

log = structlog.get_logger()


@dataclass(slots=True)
class _Known:
    since: float
    said_at: float


class WaitLog:
    """Of one process. Times are in seconds, by any clock that only rises."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def waits(
        self, tenant_id: str, service: str, fault: Hold | RetryLater | OutcomeUnknown, *, seconds: float, now: float
    ) -> None:
        """The tenant's service, or a part of it, is not called for so many seconds."""
        known = self._known.get((tenant_id, service))
        if known is not None and now - known.said_at < REMINDER:
            return
        begins = known is None
        known = self._known.setdefault((tenant_id, service), _Known(now, now))
        known.said_at = now
        log.warning(
            "service_wait_began" if begins else "service_wait_lasts",
            tenant_id=tenant_id,
            service=service,
            reason=str(fault.reason),
            code=fault.code,
            why=str(fault),
            seconds=round(seconds, 1),
            since=round(now - known.since, 1),
        )

    def answers(self, tenant_id: str, service: str, *, now: float) -> None:
        """A call was answered: if it waited, that is over."""
        if self._known and (known := self._known.pop((tenant_id, service), None)):
            log.info("service_wait_ended", tenant_id=tenant_id, service=service, lasted=round(now - known.since, 1))
