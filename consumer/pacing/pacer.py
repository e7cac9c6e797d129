"""All limits of a process."""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import structlog

from consumer.errors import RetryLater
from consumer.observe.metrics import Metrics
from consumer.pacing.bucket import Bucket
from consumer.pacing.limit import Limit
from consumer.pacing.port import Quotas
from consumer.policy.work_class import WorkClass

log = structlog.get_logger()


class Pacer:
    """For one event loop. A limit that is not used any more costs nothing."""

    def __init__(self, quotas: Quotas, metrics: Metrics) -> None:
        self.metrics = metrics
        self._quotas = quotas
        self._buckets: WeakValueDictionary[Limit, Bucket] = WeakValueDictionary()
        self._in_line: Counter[tuple[str, WorkClass]] = Counter()
        self._reports: set[asyncio.Task[None]] = set()

    def bucket(self, limit: Limit) -> Bucket:
        """The limit's tokens, as far as this process has some."""
        bucket = self._buckets.get(limit)
        if bucket is None:
            bucket = self._buckets[limit] = Bucket(limit, self._quotas, failed=self._failed)
        return bucket

    def in_line(self, tenant_id: str, work_class: WorkClass) -> int:
        """How many of the tenant's students, with work of this class, wait for their turn in this process."""
        return self._in_line[tenant_id, work_class]

    @contextmanager
    def waiting(self, tenant_id: str, work_class: WorkClass) -> Generator[None]:
        """Around the time in which one of the tenant's students waits for its turn."""
        key = tenant_id, work_class
        self._in_line[key] += 1
        try:
            yield
        finally:
            self._in_line[key] -= 1
            if not self._in_line[key]:
                del self._in_line[key]

    def stop(self) -> None:
        """The process ends: students who wait for their turn are handed back at once."""
        for bucket in list(self._buckets.values()):
            bucket.stop()

    def refused(self, limit: Limit) -> None:
        """The vendor refused a call for this limit: all replicas call less often from now on, and a little more often each second."""
        self.bucket(limit).refused()
        report = asyncio.create_task(self._slow_down(limit), name="limit refused")
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)

    async def _slow_down(self, limit: Limit) -> None:
        try:
            await self._quotas.slow_down(limit)
        except RetryLater as fault:
            log.debug("limit_not_slowed", limit=limit.name, reason=fault.reason)  # the next refusal says it again
        except Exception as error:  # noqa: BLE001  a bug here must not hide the refusal that it follows
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.metrics.loop_faults.labels("provisioning", type(error).__name__).inc()
        log.error("ledger_fault", question="limits", error=type(error).__name__)
