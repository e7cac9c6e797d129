"""The nightly reconciliation of the tenants that want one: one after the other, from the hour that each names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

import structlog

from consumer.errors import Fault
from consumer.maintenance.loop import BackgroundJob
from consumer.tenants import Tenant

log = structlog.get_logger()

_EVERY = 60.0
_WINDOW = timedelta(hours=12)
"""For how long a night lasts: what has not been begun by then waits for the next."""
_AGAIN = timedelta(hours=1)
"""After which a tenant whose reconciliation failed is tried again."""


class Reconciliations(Protocol):
    """What the job asks for. `consumer.reconcile.nightly` keeps this port."""

    def finished(self, tenant_ids: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
        """The time now, and when the last reconciliation of each tenant ended; none where it never did. Raises `Unavailable`."""
        ...

    def run(self, tenant: Tenant, *, repair: bool) -> Iterator[None]:
        """Does it, in slices of some seconds; one that is left unfinished is continued by the next. Raises a `Fault`."""
        ...


def reconciliation_job(reconciliations: Reconciliations, tenants: Callable[[], Sequence[Tenant]]) -> BackgroundJob:
    """`tenants` are those that want one, as they are configured now."""
    nights = _Nights(reconciliations, tenants)
    return BackgroundJob("reconciliation", _EVERY, nights.pages)


class _Nights:
    def __init__(self, reconciliations: Reconciliations, tenants: Callable[[], Sequence[Tenant]]) -> None:
        self._reconciliations = reconciliations
        self._tenants = tenants
        self._not_before: dict[str, datetime] = {}

    def pages(self) -> Iterator[None]:
        """One that fails keeps no other tenant's from its turn."""
        tenants = self._tenants()
        if not tenants:
            return
        now, finished = self._reconciliations.finished([tenant.id for tenant in tenants])
        for tenant in tenants:
            wanted = tenant.reconcile
            if wanted is None or not is_due(wanted.at, now, finished.get(tenant.id)):
                continue
            if now < self._not_before.get(tenant.id, now):
                continue
            try:
                yield from self._reconciliations.run(tenant, repair=wanted.repair)
            except Fault as fault:
                self._not_before[tenant.id] = now + _AGAIN
                log.warning("reconciliation_failed", tenant_id=tenant.id, why=str(fault), code=fault.code)


def is_due(at: str, now: datetime, finished: datetime | None) -> bool:
    """Whether it is the night that begins at `at` (`HH:MM`, UTC), and none has ended since."""
    now = now.astimezone(UTC)
    begins = datetime.combine(now.date(), time.fromisoformat(at), UTC)
    if begins > now:
        begins -= timedelta(days=1)
    return now - begins < _WINDOW and (finished is None or finished < begins)
