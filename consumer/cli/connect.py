"""`provisioner config check --connect`: opens what the check needs, and shows its progress."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import typer

from consumer.cli.console import err
from consumer.configuration.check import Findings as Static
from consumer.configuration.document import Document
from consumer.http.client import HttpClient
from consumer.http.proxy import Proxies, open_proxies
from consumer.preflight.check import DEPENDENCIES, Looker, look_at_everything
from consumer.preflight.finding import Findings
from consumer.providers.factory import open_tokens
from consumer.providers.tokens import TokenSource
from consumer.secrets import SecretOpener, opener
from consumer.settings import Settings
from consumer.tenants import GoogleSection, MailgunSection, MicrosoftSection, Tenant


def contact(environ: Mapping[str, str], *, known: Static, tenant: str | None) -> Findings:
    """Contacts the service's dependencies and the vendors of all tenants; with `tenant`, only the vendors of this one.

    What the files hold mistakes of (`known`) is not contacted, and nothing is where the service's file or the tenants' folder cannot be
    read. A key of which a mistake is known has no second one. Raises `BadParameter` for an unknown tenant.
    """
    reading, settings, files = known.reading, known.settings, known.files
    if reading is None or settings is None or files is None:
        return Findings()
    if tenant is not None and tenant not in {*files.broken, *(one.id for one, _ in files.loaded)}:
        raise typer.BadParameter(f"there is no `{tenant}`", param_hint="--tenant")
    service = settings, reading.document
    broken = {mistake.place.partition(".")[0] for mistake in known.service}
    usable = [(one, document) for one, document in files.loaded if one.id not in known.unusable]
    chosen = [(one, document) for one, document in usable if tenant in {None, one.id}]
    dependencies = [] if tenant else [name for name in DEPENDENCIES if name not in broken]
    with err.status("Contacting the dependencies and vendors …") as status:
        ended: list[str] = []

        def done(name: str) -> None:
            ended.append(name)
            status.update(f"{len(ended)} checks have ended, the last is {name} …")

        open_secret = opener(environ)
        proxies = open_proxies(settings.proxy, open_secret, environ)
        found = asyncio.run(_look(open_secret, proxies, chosen, service, dependencies, done))
    reported = {(mistake.file, mistake.place) for mistake in known.mistakes}
    return Findings([one for one in found.mistakes if (one.file, one.place) not in reported], found.notes)


async def _look(
    open_secret: SecretOpener,
    proxies: Proxies,
    tenants: Sequence[tuple[Tenant, Document]],
    service: tuple[Settings, Document],
    dependencies: Collection[str],
    done: Callable[[str], None],
) -> Findings:
    async with AsyncExitStack() as stack:
        clients: dict[Path | None, HttpClient] = {}
        for ca_file in {None, *(section.ca_file for tenant, _ in tenants for section in _sections(tenant))}:
            clients[ca_file] = await stack.enter_async_context(HttpClient(ca_file=ca_file, proxies=proxies))
        looker = Looker(
            open_secret, clients.__getitem__, partial(_tokens, open_secret, proxies), proxies=proxies, done=done
        )
        return await look_at_everything(looker, tenants, service, dependencies=dependencies)


def _sections(tenant: Tenant) -> Sequence[MicrosoftSection | GoogleSection | MailgunSection]:
    return [section for section in (tenant.microsoft, tenant.google, tenant.mailgun) if section is not None]


def _tokens(
    open_secret: SecretOpener, proxies: Proxies, section: MicrosoftSection | GoogleSection, scopes: Sequence[str]
) -> TokenSource:
    return open_tokens(section, open_secret=open_secret, proxies=proxies, scopes=scopes or None)
