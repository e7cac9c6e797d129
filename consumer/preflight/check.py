"""Contacts everything at once, each within a time of its own, and collects what is found."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from consumer.configuration.document import Document
from consumer.errors import Stop
from consumer.events import Provider
from consumer.http.client import Http
from consumer.http.deadline import Deadline
from consumer.http.proxy import DIRECT, Proxies
from consumer.kafka import opened
from consumer.preflight import database, google, kafka, mailgun, microsoft, registry
from consumer.preflight.asking import Asker
from consumer.preflight.finding import Finding, Findings, located
from consumer.providers.tokens import TokenSource
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.tenants import MAILGUN_REGIONS, GoogleSection, MailgunSection, MicrosoftSection, Tenant

_TIMEOUT = 30.0
"""Seconds for each dependency, and for each vendor of a tenant."""
_AT_ONCE = 32
"""Tenants' vendors that are asked side by side."""
_KAFKA_REQUEST = 10.0

_Looking = Callable[[], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class Looker:
    """How everything is reached. `http` gives the client for a CA file, `tokens` an institution's tokens for these scopes (Google's).

    `done` receives the name of each finished check.
    """

    open_secret: SecretOpener
    http: Callable[[Path | None], Http]
    tokens: Callable[[MicrosoftSection | GoogleSection, Sequence[str]], TokenSource]
    regions: Mapping[str, str] = field(default_factory=lambda: MAILGUN_REGIONS)
    proxies: Proxies = DIRECT
    timeout: float = _TIMEOUT
    done: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Check:
    """One dependency, or one vendor of a tenant. `section` is its part of the configuration."""

    name: str
    section: str
    document: Document
    look: _Looking


DEPENDENCIES = ("kafka", "registry", "database")
"""What the service itself needs, by its section of the settings."""


async def look_at_everything(
    looker: Looker,
    tenants: Sequence[tuple[Tenant, Document]],
    service: tuple[Settings, Document] | None = None,
    *,
    dependencies: Collection[str] = DEPENDENCIES,
) -> Findings:
    """What contacting the tenants' vendors and these dependencies of the service shows. Changes nothing anywhere.

    Raises nothing that a dependency or a vendor says, and ends after `Looker.timeout` seconds for every `_AT_ONCE` checks at most.
    """
    free = asyncio.Semaphore(_AT_ONCE)
    own: Sequence[_Check] = _dependencies(looker, *service) if service else ()
    checks = [*(check for check in own if check.section in dependencies), *_vendors(looker, tenants)]

    async def one(check: _Check) -> tuple[Document, Sequence[Finding]]:
        async with free:
            found = await _bounded(check, looker.timeout)
        looker.done(check.name)
        return check.document, found

    return located(await asyncio.gather(*(one(check) for check in checks)))


async def _bounded(check: _Check, timeout: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(timeout):
            return await check.look()
    except TimeoutError:
        right = "Check the network between this host and it, and run the check again."
        return [Finding((check.section,), f"did not respond within {timeout:g} seconds", right)]
    except Stop as stop:
        return [
            Finding((check.section,), f"cannot be used: {str(stop).rstrip('.')}", "Run `provisioner config check`.")
        ]


def _dependencies(looker: Looker, settings: Settings, document: Document) -> Sequence[_Check]:
    open_secret = looker.open_secret
    blocking: Mapping[str, Callable[[], Sequence[Finding]]] = {
        "kafka": partial(_kafka, looker, settings, timeout=min(_KAFKA_REQUEST, looker.timeout)),
        "registry": partial(registry.look, settings, open_secret, looker.proxies),
        "database": partial(database.look, settings.database, open_secret),
    }
    return [_Check(name, name, document, partial(asyncio.to_thread, look)) for name, look in blocking.items()]


def _vendors(looker: Looker, tenants: Sequence[tuple[Tenant, Document]]) -> Sequence[_Check]:
    checks: list[_Check] = []
    for tenant, document in tenants:
        mails = tenant.mailgun if tenant.writes_mail else None
        vendors: Mapping[str, _Looking | None] = {
            Provider.MICROSOFT: tenant.microsoft and partial(_microsoft, looker, tenant, tenant.microsoft),
            Provider.GOOGLE: tenant.google and partial(_google, looker, tenant, tenant.google),
            "mailgun": mails and partial(_mailgun, looker, mails),
        }
        checks += [_Check(f"{tenant.id}: {name}", name, document, look) for name, look in vendors.items() if look]
    return checks


def _kafka(looker: Looker, settings: Settings, *, timeout: float) -> Sequence[Finding]:
    return kafka.look(opened(settings.kafka, looker.open_secret), timeout=timeout)


async def _microsoft(looker: Looker, tenant: Tenant, section: MicrosoftSection) -> Sequence[Finding]:
    asker = _asker(looker, Provider.MICROSOFT, section.ca_file)
    return await microsoft.look(tenant, section, asker, looker.tokens(section, ()))


async def _google(looker: Looker, tenant: Tenant, section: GoogleSection) -> Sequence[Finding]:
    asker, tokens = _asker(looker, Provider.GOOGLE, section.ca_file), partial(looker.tokens, section)
    client_id = _client_id(looker.open_secret(section.service_account)) if section.service_account else None
    return await google.look(tenant, section, asker, tokens, client_id=client_id)


async def _mailgun(looker: Looker, section: MailgunSection) -> Sequence[Finding]:
    api_key = looker.open_secret(section.api_key)
    lookup_key = looker.open_secret(section.lookup_key) if section.lookup_key else api_key
    asker = _asker(looker, "mailgun", section.ca_file)
    return await mailgun.look(section, asker, api_key=api_key, lookup_key=lookup_key, regions=looker.regions)


def _asker(looker: Looker, service: str, ca_file: Path | None) -> Asker:
    return Asker(service, looker.http(ca_file), Deadline(looker.timeout))


def _client_id(key: str) -> str | None:
    """The service account's client id, as the Admin console lists delegations; it is no secret. None where the key does not hold it."""
    try:
        info: object = json.loads(key)
    except ValueError:
        return None
    ident: object = cast("dict[str, Any]", info).get("client_id") if isinstance(info, dict) else None
    return ident if isinstance(ident, str) else None
