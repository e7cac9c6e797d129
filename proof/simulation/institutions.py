"""The institutions of every simulation, as the service is configured for them: made once, the same for every seed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from consumer.events import Provider
from consumer.settings import (
    DatabaseSettings,
    KafkaSettings,
    OutboundSettings,
    ProvisioningSettings,
    RegistrySettings,
    RetentionSettings,
    SecretRef,
    Settings,
    VaultKey,
)
from consumer.tenants import Deletion, DeletionNotice, OnChange, Rename, Rule, Suspension, Tenant
from proof.simulation.vendors import host
from proof.simulation.visits import ROWS
from sandbox.simulators.configured import configured
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.vendors import (
    EDUCATION_PLUS,
    EDUCATION_STANDARD,
    LEAVERS,
    SCOPES,
    Institution,
    Quirks,
    Vendors,
)

UNITLESS = SCHOOLS[0]
"""The school whose pupils are in no administrative unit, where there are such."""
_ISLES = Institution(
    "isles",
    "Isles College",
    (Provider.MICROSOFT, Provider.GOOGLE),
    on_change=OnChange.FOLLOW,
    rename=Rename.ALIAS,
    admin_units=tuple(school for school in SCHOOLS if school != UNITLESS),
    google_licences=dict(zip(SCHOOLS, (EDUCATION_PLUS, EDUCATION_STANDARD), strict=False)),
)


class _Annex(Institution):
    """Has domains, credentials and groups of its own, in the directories of `isles`."""

    @property
    def admin(self) -> str:
        """The administrator of `isles`."""
        return _ISLES.admin

    def guid(self, what: str) -> str:
        """Its own, but for the directory."""
        return _ISLES.guid(what) if what == "tenant" else super().guid(what)


_ANNEX = _Annex("annex", "Annex of the Isles", (Provider.MICROSOFT, Provider.GOOGLE))
_BY_THEMSELVES = (
    Institution("north", "North High", (Provider.MICROSOFT,)),
    Institution("south", "South Academy", (Provider.GOOGLE,), on_change=OnChange.FOLLOW, create_org_units=True),
    _ISLES,
)
VISITED = "south"
"""The institution with a status that depends on the student."""
INSTITUTIONS = (*_BY_THEMSELVES, _ANNEX)
"""Their students have equal numbers; the last two share an Entra directory and a Google customer."""
_SUSPENSIONS = {
    "isles": Suspension(remove_licences=True, org_unit=LEAVERS),
    "annex": Suspension(end_sessions=False),
}
"""Of those that want something else than the others."""
UNLICENSED = SCHOOLS[-1]
"""The school whose pupils have no licences, where rules are followed."""
PARTITIONS = 2
_CONCURRENCY = 4
"""Few, so that students wait for one another."""
_SOON = 0.001
"""Days: a minute and a half, so that the ledger forgets within a run."""
GRACE = 43.2
"""Seconds from a departure to the deletion, in which some students return."""
_AHEAD = 0.0003
"""Days before a deletion at which it is announced."""
_NOTICES = {
    "south": DeletionNotice(days=_AHEAD, office=("office@south.example", "it@south.example")),
    "isles": DeletionNotice(days=_AHEAD),
    "annex": DeletionNotice(days=_AHEAD, student=False, office=("office@annex.example",)),
}
"""Of those that announce deletions, the last to the office alone."""
_TEMPLATES = Path(__file__).parents[2] / "templates"
_VAULT_KEY = "cHJvb2YvcHJvb2YvcHJvb2YvcHJvb2YvcHJvb2YvcHI="


@cache
def tenants(*, concurrency: int = _CONCURRENCY) -> tuple[Tenant, ...]:
    """Their configuration; `concurrency` is each one's."""
    own = [replace(institution, concurrency=concurrency) for institution in INSTITUTIONS]
    return tuple(map(_configured, own))


@cache
def settings() -> Settings:
    """The service's. Waits are short, as far as the faults' own times allow: a simulated hour costs as much as a real second."""
    return Settings(
        kafka=KafkaSettings(bootstrap_servers="kafka.example:9092", park_unknown=120.0),
        registry=RegistrySettings(url="https://registry.example"),
        database=DatabaseSettings(url="postgresql://provisioner@database.example/provisioner"),
        vault=(VaultKey(id="2026-09", key=SecretRef("file:vault/2026-09")),),
        provisioning=ProvisioningSettings(
            sweep=60.0,
            retry_base=2.0,
            retry_cap=120.0,
            held_retry=600.0,
            mail_hold_down=360.0,
            credential_lifetime=7_200.0,
            verify_after=360.0,
        ),
        outbound=OutboundSettings(batch_size=20),
        retention=RetentionSettings(
            published_outcomes=_SOON, settled_events=5 * _SOON, attempts=_SOON, ended_waits=_SOON, every=60
        ),
        templates_dir=_TEMPLATES,
    )


def secret(institution: Institution, kind: str) -> str:
    """What the vendors know it by."""
    return f"{kind} of {institution.id}"


def open_secret(reference: str) -> str:
    """Keeps `SecretOpener`."""
    owner, _, kind = reference.removeprefix("file:").partition("/")
    if owner == "vault":
        return _VAULT_KEY
    institution = next(one for one in INSTITUTIONS if one.id == owner)
    if kind == "google":
        return json.dumps({"client_email": institution.service_account})
    return secret(institution, kind)


def vendors(*, clock: Callable[[], float], seed: int, quirks: Quirks) -> Vendors:
    """With all institutions laid out."""
    known = Vendors(_BY_THEMSELVES, clock=clock, seed=seed, secret=secret, quirks=quirks)
    known.mail.add_domain(_ANNEX.mail_domain)
    known.mail.add_key(secret(_ANNEX, "mailgun"))
    directory = known.graph.directories[_ANNEX.guid("tenant")]
    directory.domains += (_ANNEX.domain,)
    directory.groups |= {_ANNEX.guid(school): set() for school in SCHOOLS}
    known.graph.tokens.register(_ANNEX.guid("tenant"), _ANNEX.guid("client"), secret(_ANNEX, "graph"))
    customer = known.google.customer_of(_ANNEX.admin)
    if customer is None:
        raise LookupError("the institution that shares its customer has none")
    customer.domains |= {_ANNEX.domain}
    for school in SCHOOLS:
        customer.groups.add(f"{school}@{_ANNEX.domain}", school)
    customer.delegate(_ANNEX.service_account, SCOPES)
    return known


def _configured(institution: Institution) -> Tenant:
    tenant = configured(institution, _InMemory(institution.id))
    more = ROWS if institution.id == VISITED else ()
    changed = {
        "deletion": Deletion(grace=GRACE / 86_400, notice=_NOTICES.get(institution.id)),
        "statuses": (*tenant.statuses, *more),
        "suspension": _SUSPENSIONS.get(tenant.id, tenant.suspension),
        "rules": _with_fewer_licences(tenant.rules) if tenant.on_change is OnChange.FOLLOW else tenant.rules,
    }
    return tenant.model_copy(update=changed)


def _with_fewer_licences(rules: Sequence[Rule]) -> Sequence[Rule]:
    """Pupils of one school do not have those that the other institutions give to everybody."""
    licensed = tuple(school for school in SCHOOLS if school != UNLICENSED)
    return tuple(
        rule if rule.when or not rule.licences else rule.model_copy(update={"when": {"school": licensed}})
        for rule in rules
    )


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Implements `Endpoints`."""

    tenant_id: str
    ca_file: Path | None = None

    def url(self, vendor: str) -> str:
        return f"https://{host(vendor, self.tenant_id)}"

    def secret(self, institution: Institution, kind: str) -> SecretRef:
        return SecretRef(f"file:{institution.id}/{kind}")
