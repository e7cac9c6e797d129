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

log = structlog.get_logger()

_ENOUGH = 8
"""Students of a tenant who wait for their turn in one process: more would only hold leases."""


class Pacer:
    """For one event loop. A limit that is not used any more costs nothing."""

    def __init__(self, quotas: Quotas, metrics: Metrics) -> None:
        self.metrics = metrics
        self._quotas = quotas
        self._buckets: WeakValueDictionary[Limit, Bucket] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()
        self._reports: set[asyncio.Task[None]] = set()

    def bucket(self, limit: Limit) -> Bucket:
        """The limit's tokens, as far as this process has some."""
        bucket = self._buckets.get(limit)
        if bucket is None:
            bucket = self._buckets[limit] = Bucket(limit, self._quotas, failed=self._failed)
        return bucket

    def congested(self, tenant_id: str) -> bool:
        """Whether so many of the tenant's students wait for their turn that claiming others is of no use."""
        return self._waiting[tenant_id] >= _ENOUGH

    @contextmanager
    def waiting(self, tenant_id: str) -> Generator[None]:
        """Around the time in which one of the tenant's students waits for its turn."""
        self._waiting[tenant_id] += 1
        try:
            yield
        finally:
            self._waiting[tenant_id] -= 1
            if not self._waiting[tenant_id]:
                del self._waiting[tenant_id]

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
