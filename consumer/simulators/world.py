"""A small world of institutions: their directories, mail domains and registry, and the configuration that fits them.

lay_out(specs) ─▶ World ─▶ server() ─▶ tenants(server), secrets
"""

import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from consumer.events import Provider, ProviderAction
from consumer.settings import SecretRef
from consumer.simulators import registry
from consumer.simulators.google import http as google_http
from consumer.simulators.google.api import MEMBER, USER, DirectoryApi
from consumer.simulators.google.quirks import GoogleQuirks
from consumer.simulators.graph import http as graph_http
from consumer.simulators.graph.api import GraphApi
from consumer.simulators.graph.quirks import GraphQuirks
from consumer.simulators.mailgun.account import Accounts
from consumer.simulators.mailgun.http import MAX_REQUEST, MailgunHttp
from consumer.simulators.mailgun.quirks import MailgunQuirks
from consumer.simulators.people import SCHOOLS
from consumer.simulators.server import Vendor, VendorServer
from consumer.simulators.tls import Authority
from consumer.tenants import (
    Addresses,
    GoogleSection,
    MailgunSection,
    MicrosoftSection,
    Rule,
    StatusRow,
    Tenant,
    WelcomeEmail,
)

GRAPH, GOOGLE, MAILGUN, REGISTRY = "graph", "google", "mailgun", "registry"

_SKU = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
_PLENTY = 1_000_000


@dataclass(frozen=True, slots=True)
class Institution:
    """What is laid out for one institution. `languages` are those of its mails, its own first."""

    id: str
    name: str
    providers: tuple[Provider, ...]
    languages: tuple[str, ...] = ("en", "el")
    licences: int = _PLENTY
    concurrency: int = 16

    @property
    def domain(self) -> str:
        """Of its students' addresses."""
        return f"students.{self.id}.example"


@dataclass(frozen=True, slots=True)
class Quirks:
    """Of all vendors."""

    graph: GraphQuirks = field(default_factory=GraphQuirks)
    google: GoogleQuirks = field(default_factory=GoogleQuirks)
    mailgun: MailgunQuirks = field(default_factory=MailgunQuirks)


class World:
    """The vendors' state. Secrets are written to files below `directory`, which the tenants' configuration refers to."""

    def __init__(
        self,
        institutions: Sequence[Institution],
        directory: Path,
        *,
        clock: Callable[[], float],
        seed: int,
        quirks: Quirks | None = None,
    ) -> None:
        quirks = quirks or Quirks()
        self.institutions = institutions
        self.directory = directory
        self.authority = Authority(directory)
        self.graph = GraphApi(clock=clock, rng=random.Random(f"{seed}/graph"), quirks=quirks.graph)  # noqa: S311  repeatable
        self.google = DirectoryApi(clock=clock, quirks=quirks.google)
        self.mail = Accounts(clock=clock, quirks=quirks.mailgun)
        self.schemas = registry.SchemaStore()
        self._clock = clock
        self._seed = seed
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        for institution in institutions:
            self._lay_out(institution)

    def server(
        self, *, host: str = "127.0.0.1", names: Sequence[str] = (), ports: Mapping[str, int] | None = None
    ) -> VendorServer:
        """Serves all vendors; `names` are those that the network knows this machine by."""
        mailgun = MailgunHttp(self.mail, self._clock)
        vendors = [
            Vendor(GRAPH, graph_http.handlers(self.graph), graph_http.observers(self.graph)),
            Vendor(GOOGLE, google_http.handlers(self.google), google_http.observers(self.google)),
            Vendor(MAILGUN, mailgun.handlers(), mailgun.observers(), MAX_REQUEST),
            Vendor(REGISTRY, registry.handlers(self.schemas)),
        ]
        context = self.authority.server_context(names)
        return VendorServer(vendors, context=context, clock=self._clock, seed=self._seed, host=host, ports=ports)

    def tenants(self, server: VendorServer, *, host: str | None = None) -> Sequence[Tenant]:
        """The institutions' configuration; `host` is the name by which the service reaches the vendors."""
        return [self._tenant(institution, server, host) for institution in self.institutions]

    def write_tenants(self, tenants: Sequence[Tenant]) -> Path:
        """Writes the configuration as files, for services in other processes; returns their folder."""
        folder = self.directory / "tenants"
        folder.mkdir(exist_ok=True)
        for tenant in tenants:
            text = yaml.safe_dump(
                tenant.model_dump(mode="json", exclude_none=True), allow_unicode=True, sort_keys=False
            )
            (folder / f"{tenant.id}.yaml").write_text(text, encoding="utf-8")
        return folder

    def _lay_out(self, institution: Institution) -> None:
        mail_domain = f"mail.{institution.id}.example"
        self.mail.add_domain(mail_domain)
        self.mail.add_key(self._secret(institution, "mailgun", secrets.token_hex(16)))
        if Provider.MICROSOFT in institution.providers:
            tenant_id, client_id = _guid(institution.id, "tenant"), _guid(institution.id, "client")
            directory = self.graph.add_directory(tenant_id, institution.domain)
            directory.stock[_SKU] = institution.licences
            directory.groups |= {_guid(institution.id, school): set() for school in SCHOOLS}
            self.graph.tokens.register(tenant_id, client_id, self._secret(institution, "graph", secrets.token_hex(16)))
        if Provider.GOOGLE in institution.providers:
            customer = self.google.add_customer(f"C{len(self.google.customers):07d}", [institution.domain])
            customer.add_user(_admin(institution), is_admin=True)
            for school in SCHOOLS:
                customer.add_org_unit(f"/Students/{school}")
                customer.groups.add(f"{school}@{institution.domain}", school)
            account = f"provisioner@{institution.id}.iam.example"
            self.google.tokens.register(account, self._key.public_key())
            customer.delegate(account, [USER, MEMBER])
            self._secret(institution, "google", json.dumps(self._service_account(account)))

    def _tenant(self, institution: Institution, server: VendorServer, host: str | None) -> Tenant:
        ca_file = self.authority.ca_file
        microsoft = Provider.MICROSOFT in institution.providers
        google = Provider.GOOGLE in institution.providers
        google_url = server.url(GOOGLE, host=host)
        return Tenant(
            id=institution.id,
            name=institution.name,
            microsoft=MicrosoftSection(
                tenant_id=_guid(institution.id, "tenant"),
                client_id=_guid(institution.id, "client"),
                client_secret=self._reference(institution, "graph"),
                usage_location="GR",
                graph_url=server.url(GRAPH, host=host),
                authority_url=server.url(GRAPH, host=host),
                ca_file=ca_file,
            )
            if microsoft
            else None,
            google=GoogleSection(
                service_account=self._reference(institution, "google"),
                admin_subject=_admin(institution),
                directory_url=google_url,
                token_url=f"{google_url}/token",
                ca_file=ca_file,
            )
            if google
            else None,
            addresses=Addresses(domain=institution.domain),
            statuses=(
                StatusRow(id="applied", name="Application received", type="Application"),
                StatusRow(
                    id="enrolled", name="Enrolled", type="Registered", provider_action=ProviderAction.CREATE_ACCOUNT
                ),
                StatusRow(id="withdrawn", name="Withdrawn", type="Left"),
            ),
            rules=(*_everybody(microsoft=microsoft), *(_of_school(institution, s, microsoft, google) for s in SCHOOLS)),
            welcome_email=WelcomeEmail(enabled=True, languages=institution.languages),
            mailgun=MailgunSection(
                domain=f"mail.{institution.id}.example",
                sender=f"{institution.name} <accounts@mail.{institution.id}.example>",
                api_key=self._reference(institution, "mailgun"),
                url=server.url(MAILGUN, host=host),
                ca_file=ca_file,
            ),
            concurrency=institution.concurrency,
        )

    def _service_account(self, account: str) -> Mapping[str, str]:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "client_email": account,
            "private_key": pem.decode(),
            "token_uri": "https://oauth2.googleapis.com/token",
        }

    def _secret(self, institution: Institution, kind: str, value: str) -> str:
        path = self._secret_file(institution, kind)
        path.parent.mkdir(exist_ok=True)
        path.write_text(value, encoding="utf-8")
        return value

    def _reference(self, institution: Institution, kind: str) -> SecretRef:
        return SecretRef(f"file:{self._secret_file(institution, kind)}")

    def _secret_file(self, institution: Institution, kind: str) -> Path:
        return self.directory / "secrets" / f"{institution.id}.{kind}"


def _everybody(*, microsoft: bool) -> Sequence[Rule]:
    return (Rule(licences=(_SKU,)),) if microsoft else ()


def _of_school(institution: Institution, school: str, microsoft: bool, google: bool) -> Rule:  # noqa: FBT001
    groups: dict[Provider, tuple[str, ...]] = {}
    if microsoft:
        groups[Provider.MICROSOFT] = (_guid(institution.id, school),)
    if google:
        groups[Provider.GOOGLE] = (f"{school}@{institution.domain}",)
    return Rule(when={"school": (school,)}, org_unit=f"/Students/{school}" if google else None, groups=groups)


def _admin(institution: Institution) -> str:
    return f"it-admin@{institution.domain}"


def _guid(*parts: str) -> str:
    return str(UUID(int=random.Random("/".join(parts)).getrandbits(128), version=4))  # noqa: S311  a name, no secret
