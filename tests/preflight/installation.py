"""A small world of institutions, the configuration that fits it as files, and what contacting its vendors finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from consumer.configuration.loading import load_tenants
from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.preflight.check import Looker, look_at_everything
from consumer.preflight.finding import Findings
from consumer.providers.factory import open_tokens
from consumer.providers.tokens import TokenSource
from consumer.secrets import opener
from consumer.tenants import MAILGUN_REGIONS, GoogleSection, MicrosoftSection
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.permissions import GRANTED
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World

NORTH = Institution("north", "North High", (Provider.MICROSOFT, Provider.GOOGLE))


@dataclass
class Installation:
    """The world, its server, and the tenants' files."""

    world: World
    server: VendorServer

    @property
    def directory(self) -> Directory:
        """North's at Microsoft."""
        return self.world.graph.directories[NORTH.guid("tenant")]

    @property
    def customer(self) -> Customer:
        """North's at Google."""
        (customer,) = self.world.google.customers
        return customer

    @property
    def file(self) -> Path:
        """North's."""
        return self.world.directory / "tenants/north.yaml"

    def permit(
        self, *, without: Sequence[str] = (), beside: Iterable[str] = (), only: Sequence[str] | None = None
    ) -> None:
        """Changes the permissions of North's application."""
        roles = frozenset(only) if only is not None else (GRANTED - set(without)) | set(beside)
        self.world.graph.tokens.permit(NORTH.guid("tenant"), NORTH.guid("client"), roles)

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Changes North's file."""
        data: dict[str, Any] = yaml.safe_load(self.file.read_text())
        change(data)
        self.file.write_text(yaml.safe_dump(data, sort_keys=False))

    async def findings(self, *, regions: Mapping[str, str] = MAILGUN_REGIONS, timeout: float = 20) -> Findings:
        """What contacting the vendors finds."""
        open_secret = opener({})

        def tokens(section: MicrosoftSection | GoogleSection, scopes: Sequence[str]) -> TokenSource:
            return open_tokens(section, open_secret=open_secret, scopes=scopes or None)

        tenants = load_tenants(self.file.parent)
        async with HttpClient(ca_file=self.world.authority.ca_file) as http:
            looker = Looker(open_secret, lambda _: http, tokens, regions=regions, timeout=timeout)
            return await look_at_everything(looker, tenants)


def lines(findings: Findings) -> list[tuple[str, str]]:
    """Place and what is wrong of each mistake."""
    return [(one.place, one.wrong) for one in findings.mistakes]
