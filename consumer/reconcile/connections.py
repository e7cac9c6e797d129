"""A tenant's directories, opened for reading them at a share of their limits, beside replicas that work on students."""

import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.http.proxy import DIRECT, Proxies
from consumer.ledger.quotas import PostgresQuotas
from consumer.observe.metrics import Metrics
from consumer.pacing.pacer import Pacer
from consumer.pacing.quota import Quota
from consumer.pacing.share import AtShare
from consumer.providers.factory import open_directories, open_tokens, terms_of
from consumer.providers.names import licence_service
from consumer.providers.port import Directory
from consumer.providers.tokens import TokenSource
from consumer.reconcile.asking import Asking
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.tenants import GoogleSection, MicrosoftSection, Tenant


@dataclass(frozen=True, slots=True)
class Opened:
    """A directory, and how it is asked; `licences`: about licences."""

    directory: Directory
    asking: Asking
    licences: Asking


@dataclass(frozen=True, slots=True)
class Connections:
    """What a process opens directories with."""

    settings: Settings
    engine: Engine
    open_secret: SecretOpener
    metrics: Metrics
    proxies: Proxies = DIRECT

    @asynccontextmanager
    async def to(self, tenant: Tenant) -> AsyncGenerator[Mapping[Provider, Opened]]:
        """The tenant's directories, until the context ends. Raises `Stop` where its secrets or certificates can't be used."""
        timing, quotas = self.settings.provisioning, PostgresQuotas(self.engine)
        async with AsyncExitStack() as stack:
            stack.callback(quotas.close)
            clients: dict[Path | None, HttpClient] = {}
            for section in filter(None, (tenant.microsoft, tenant.google)):
                if section.ca_file not in clients:
                    client = HttpClient(ca_file=section.ca_file, proxies=self.proxies, observe=self._observe)
                    clients[section.ca_file] = await stack.enter_async_context(client)
            pacer = Pacer(quotas, self.metrics)
            stack.callback(pacer.stop)
            paced = {
                service: Quota(tenant.id, service, AtShare(terms, timing.reconcile_share), pacer)
                for service, terms in terms_of(tenant).items()
            }
            directories = open_directories(tenant, http=clients.__getitem__, tokens=self._tokens, quotas=paced)
            asking = {
                service: Asking(quota, timeout=timing.call_timeout, jitter=random.random)
                for service, quota in paced.items()
            }
            yield {
                provider: Opened(directory, asking[provider], asking[licence_service(provider)])
                for provider, directory in directories.items()
            }

    def _tokens(self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        return open_tokens(section, open_secret=self.open_secret, proxies=self.proxies, scopes=scopes)

    def _observe(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        self.metrics.vendor_call_seconds.labels(service, operation, outcome).observe(seconds)
