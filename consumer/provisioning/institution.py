"""The tenants with the open connections that their work needs."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from consumer.errors import Hold, Reason, Scope, Stop
from consumer.events import Provider
from consumer.mail.port import Mailer
from consumer.observe.metrics import Metrics
from consumer.pacing.quota import Turns
from consumer.providers.port import Directory
from consumer.tenants import Tenant

log = structlog.get_logger()

_OPEN_AGAIN = 60.0
"""Seconds after which a tenant that could not be opened is tried again, when there is work for it."""
_IDLE = 3600.0
"""Seconds without work after which a tenant's connections are given up: by then its tokens have expired too."""


@dataclass(frozen=True, slots=True)
class Institution:
    """One tenant at run time. `mailer` is None where the tenant sends no mail.

    `quotas` are the limits of its services, by their names. `fault` says why the tenant cannot be worked for: it holds all its students,
    and there are neither directories nor a mailer then.
    """

    tenant: Tenant
    directories: Mapping[Provider, Directory]
    mailer: Mailer | None
    fault: Hold | None = None
    quotas: Mapping[str, Turns] = field(default_factory=dict[str, Turns])


class Institutions(Mapping[str, Institution]):
    """All tenants that count now by id, each opened when it is first asked for, and closed when it was not for an hour.

    A tenant whose secret, key or CA file cannot be used has a `fault`; other tenants are not affected. It is opened again when it is asked
    for, at most once a minute: once the secret is there, work continues without a restart.
    A tenant that `tenants` gives another object for is opened anew; students in work keep what they began with. One that has left is
    a KeyError.
    `open_tenant` raises `Stop` and may block for as long as reading small files takes; `clock` returns seconds.
    """

    def __init__(
        self,
        tenants: Callable[[], Mapping[str, Tenant]],
        open_tenant: Callable[[Tenant], Institution],
        *,
        clock: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._tenants = tenants
        self._open_tenant = open_tenant
        self._clock = clock
        self._metrics = metrics
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._open_at: dict[str, float] = {}

    def __getitem__(self, tenant_id: str) -> Institution:
        now = self._clock()
        self._close_idle(now)
        opened = self._opened.pop(tenant_id, None)
        tenant = self._tenants()[tenant_id]
        institution = opened.institution if opened and opened.institution.tenant is tenant else None
        if institution is None or (institution.fault is not None and now >= self._open_at[tenant_id]):
            institution = self._open(tenant, now)
        self._opened[tenant_id] = _Opened(institution, now)
        return institution

    def __iter__(self) -> Iterator[str]:
        return iter(self._tenants())

    def __len__(self) -> int:
        return len(self._tenants())

    def _close_idle(self, now: float) -> None:
        """Those used longest ago come first. A student in work keeps its own reference."""
        while self._opened and next(iter(self._opened.values())).used_at <= now - _IDLE:
            self._opened.popitem(last=False)

    def _open(self, tenant: Tenant, now: float) -> Institution:
        try:
            institution = self._open_tenant(tenant)
        except Stop as stop:
            why = str(stop)
        else:
            self._metrics.tenant_unusable.labels(tenant.id).set(0)
            if self._open_at.pop(tenant.id, None) is not None:
                log.info("tenant_usable", tenant_id=tenant.id)
            return institution
        if tenant.id not in self._open_at:
            log.error("tenant_unusable", tenant_id=tenant.id, why=why)
        self._open_at[tenant.id] = now + _OPEN_AGAIN
        self._metrics.tenant_unusable.labels(tenant.id).set(1)
        # The log has the cause: names of our files and variables do not belong in outcome events.
        fault = Hold(
            "The institution's credentials or certificates cannot be used by this service.",
            reason=Reason.TENANT_UNUSABLE,
            scope=Scope.TENANT,
        )
        return Institution(tenant, {}, None, fault)


@dataclass(frozen=True, slots=True)
class _Opened:
    institution: Institution
    used_at: float
