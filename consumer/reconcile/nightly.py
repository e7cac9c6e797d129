"""Reconciliations in the background loop, whose thread has no event loop of its own."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Engine

from consumer.ledger.reconciliation import last_finished
from consumer.reconcile.finding import Finding
from consumer.reconcile.run import Reconciler, Summary, Task
from consumer.tenants import Tenant

log = structlog.get_logger()

_SLICE = 5.0


class BackgroundReconciler:
    """Keeps `consumer.maintenance.reconciliation.Reconciliations`.

    After each `slice_seconds` the background loop is heard: it must show that it lives, and may have to stop.
    """

    def __init__(self, reconciler: Reconciler, engine: Engine, *, slice_seconds: float = _SLICE) -> None:
        self._reconciler = reconciler
        self._engine = engine
        self._slice = slice_seconds

    def finished(self, tenant_ids: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
        """The database's time, and when the last reconciliation of each tenant ended; none where it never did. Raises `Unavailable`."""
        return last_finished(self._engine, tenant_ids)

    def run(self, tenant: Tenant, *, repair: bool) -> Generator[None]:
        """Does it, in slices; one that is left unfinished is continued by the next. Raises what `Reconciler.reconcile` raises."""
        with asyncio.Runner() as runner:
            task = runner.get_loop().create_task(self._reconciler.reconcile(Task(tenant, repair, _counted_only)))
            while not task.done():
                runner.run(_wait(task, self._slice))
                yield
            summary = task.result()
        log.info(
            "reconciled",
            tenant_id=tenant.id,
            accounts=summary.accounts,
            left_out=summary.left_out,
            again=summary.again,
            differences=summary.by_kind(),
        )


async def _wait(task: asyncio.Task[Summary], seconds: float) -> None:
    await asyncio.wait({task}, timeout=seconds)


def _counted_only(_finding: Finding) -> None:
    """The log and the metric have the numbers; who, the command says."""
