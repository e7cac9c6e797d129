"""What the vendors know of some institutions at the beginning: directories, mail domains and keys. No files, no network."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from consumer.events import Provider
from consumer.tenants import Deletion, OnChange, Rename
from sandbox.simulators.google import http as google_http
from sandbox.simulators.google.api import DirectoryApi
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.scopes import DOMAIN_READ, LICENSING, MEMBER, ORG_UNIT, USER
from sandbox.simulators.graph import http as graph_http
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.permissions import FOR_ADMIN_UNITS, GRANTED
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.mailgun.account import Accounts
from sandbox.simulators.mailgun.http import MAX_REQUEST, MailgunHttp
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.request_handler import Vendor

GRAPH, GOOGLE, MAILGUN = "graph", "google", "mailgun"

SKU = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
"""The one kind of licence that there is."""
_PLENTY = 1_000_000
LEAVERS = "/Leavers"
"""The organisational unit of those who have left."""

EDUCATION_PLUS, EDUCATION_STANDARD = "101031/1010310008", "101031/1010310005"
"""The licences that there are at Google: two SKUs of one product."""

SCOPES = (USER, MEMBER, LICENSING, DOMAIN_READ)
"""What is delegated to every service account; the last is for `provisioner config check --connect` only."""


def unit_of(school: str) -> str:
    """The organisational unit of a school's pupils."""
    return f"/Students/{school}"


@dataclass(frozen=True, slots=True)
class Institution:
    """What is laid out for one institution. `languages` are those of its mails, its own first; `on_change`, `deletion`, `rename` and
    `create_org_units` as its configuration says them: with the last, its organisational units are not laid out. `google_licences` are
    those that its rules give, by school. `admin_units`: the schools whose pupils are put into an administrative unit of their own at
    Microsoft.
    """

    id: str
    name: str
    providers: tuple[Provider, ...]
    languages: tuple[str, ...] = ("en", "el")
    licences: int = _PLENTY
    concurrency: int = 16
    on_change: OnChange = OnChange.CREATE_ONLY
    deletion: Deletion = field(default_factory=Deletion)
    rename: Rename = Rename.NEVER
    create_org_units: bool = False
    google_licences: Mapping[str, str] = field(default_factory=dict[str, str])
    admin_units: tuple[str, ...] = ()

    @property
    def scopes(self) -> Sequence[str]:
        """What is delegated to its service account at Google."""
        return (*SCOPES, ORG_UNIT) if self.create_org_units else SCOPES

    @property
    def domain(self) -> str:
        """Of its students' addresses."""
        return f"students.{self.id}.example"

    @property
    def mail_domain(self) -> str:
        """From which its mail is sent."""
        return f"mail.{self.id}.example"

    @property
    def admin(self) -> str:
        """The administrator at Google in whose name the service acts."""
        return f"it-admin@{self.domain}"

    @property
    def service_account(self) -> str:
        """At Google."""
        return f"provisioner@{self.id}.iam.example"

    def admin_unit(self, school: str) -> str | None:
        """The id of the administrative unit of a school's pupils; None where they are put into none."""
        return self.guid(f"{school}/unit") if school in self.admin_units else None

    def guid(self, what: str) -> str:
        """Entra's ids: `tenant`, `client`, or a school's group."""
        return str(UUID(int=random.Random(f"{self.id}/{what}").getrandbits(128), version=4))  # noqa: S311  a name, no secret


@dataclass(frozen=True, slots=True)
class Quirks:
    """Of all vendors."""

    graph: GraphQuirks = field(default_factory=GraphQuirks)
    google: GoogleQuirks = field(default_factory=GoogleQuirks)
    mailgun: MailgunQuirks = field(default_factory=MailgunQuirks)


class Vendors:
    """Their state. `secret(institution, kind)` says what a new key is; the kinds are `mailgun` and `graph`.

    Google knows its service accounts only once their public keys are registered.
    """

    def __init__(
        self,
        institutions: Sequence[Institution],
        *,
        clock: Callable[[], float],
        seed: int,
        secret: Callable[[Institution, str], str],
        quirks: Quirks | None = None,
    ) -> None:
        quirks = quirks or Quirks()
        self.graph = GraphApi(clock=clock, rng=random.Random(f"{seed}/graph"), quirks=quirks.graph)  # noqa: S311  repeatable
        self.google = DirectoryApi(clock=clock, quirks=quirks.google)
        self.mail = Accounts(clock=clock, quirks=quirks.mailgun)
        self._clock = clock
        self._secret = secret
        for institution in institutions:
            self._lay_out(institution)

    def served(self) -> Mapping[str, Vendor]:
        """By name, how each answers over HTTP."""
        mailgun = MailgunHttp(self.mail, self._clock)
        vendors = (
            Vendor(
                GRAPH,
                graph_http.handlers(self.graph),
                graph_http.observers(self.graph),
                whose=partial(graph_http.whose, self.graph),
            ),
            Vendor(
                GOOGLE,
                google_http.handlers(self.google),
                google_http.observers(self.google),
                whose=partial(google_http.whose, self.google),
            ),
            Vendor(MAILGUN, mailgun.handlers(), mailgun.observers(), MAX_REQUEST, whose=mailgun.whose),
        )
        return {vendor.name: vendor for vendor in vendors}

    def _lay_out(self, institution: Institution) -> None:
        self.mail.add_domain(institution.mail_domain)
        self.mail.add_key(self._secret(institution, "mailgun"))
        if Provider.MICROSOFT in institution.providers:
            tenant_id = institution.guid("tenant")
            directory = self.graph.add_directory(tenant_id, institution.domain)
            directory.stock[SKU] = institution.licences
            directory.groups |= {institution.guid(school): set() for school in SCHOOLS}
            self.graph.tokens.register(tenant_id, institution.guid("client"), self._secret(institution, "graph"))
            for school in institution.admin_units:
                directory.units.add(institution.guid(f"{school}/unit"))
            if institution.admin_units:
                self.graph.tokens.permit(tenant_id, institution.guid("client"), GRANTED | FOR_ADMIN_UNITS)
        if Provider.GOOGLE in institution.providers:
            customer = self.google.add_customer(f"C{len(self.google.customers):07d}", [institution.domain])
            customer.add_user(institution.admin, is_admin=True)
            for licence in (EDUCATION_PLUS, EDUCATION_STANDARD):
                product, _, sku = licence.partition("/")
                customer.licences.stock[product, sku] = _PLENTY
            for school in SCHOOLS:
                customer.groups.add(f"{school}@{institution.domain}", school)
            for unit in () if institution.create_org_units else (LEAVERS, *map(unit_of, SCHOOLS)):
                customer.add_org_unit(unit)
            customer.delegate(institution.service_account, institution.scopes)
