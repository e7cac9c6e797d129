"""The tenants with the open connections that their work needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from consumer.errors import Hold, Reason, Scope, Stop
from consumer.events import Provider
from consumer.mail.port import Mailer
from consumer.observe.metrics import Metrics
from consumer.providers.port import Directory
from consumer.tenants import Tenant

log = structlog.get_logger()

_OPEN_AGAIN = 60.0
"""Seconds after which a tenant that could not be opened is tried again, when there is work for it."""


@dataclass(frozen=True, slots=True)
class Institution:
    """One tenant at run time. `mailer` is None where the tenant sends no mail.

    `fault` says why the tenant cannot be worked for: it holds all its students, and there are neither directories nor a mailer then.
    """

    tenant: Tenant
    directories: Mapping[Provider, Directory]
    mailer: Mailer | None
    fault: Hold | None = None


class Institutions(Mapping[str, Institution]):
    """All tenants of a process by id. A tenant whose secret, key or CA file cannot be used has a `fault`; other tenants are not affected.

    Such a tenant is opened again when it is asked for, at most once a minute: once the secret is there, work continues without a restart.
    `open_tenant` raises `Stop` and may block for as long as reading small files takes; `clock` returns seconds.
    """

    def __init__(
        self,
        tenants: Sequence[Tenant],
        open_tenant: Callable[[Tenant], Institution],
        *,
        clock: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._open_tenant = open_tenant
        self._clock = clock
        self._metrics = metrics
        self._open_at: dict[str, float] = {}
        self._opened = {tenant.id: self._open(tenant) for tenant in tenants}

    def __getitem__(self, tenant_id: str) -> Institution:
        known = self._opened[tenant_id]
        if known.fault is not None and self._clock() >= self._open_at[tenant_id]:
            known = self._opened[tenant_id] = self._open(known.tenant)
            if known.fault is None:
                log.info("tenant_usable", tenant_id=tenant_id)
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened)

    def __len__(self) -> int:
        return len(self._opened)

    def _open(self, tenant: Tenant) -> Institution:
        try:
            institution = self._open_tenant(tenant)
        except Stop as stop:
            why = str(stop)
        else:
            self._metrics.tenant_unusable.labels(tenant.id).set(0)
            return institution
        if tenant.id not in self._open_at:
            log.error("tenant_unusable", tenant_id=tenant.id, why=why)
        self._open_at[tenant.id] = self._clock() + _OPEN_AGAIN
        self._metrics.tenant_unusable.labels(tenant.id).set(1)
        # The log has the cause: names of our files and variables do not belong in outcome events.
        fault = Hold(
            "The institution's credentials or certificates cannot be used by this service.",
            reason=Reason.TENANT_UNUSABLE,
            scope=Scope.TENANT,
        )
        return Institution(tenant, {}, None, fault)
