"""The configuration that fits an institution as it is laid out at the vendors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from consumer.events import Provider, ProviderAction
from consumer.settings import SecretRef
from consumer.tenants import (
    Addresses,
    GoogleSection,
    MailgunSection,
    MicrosoftSection,
    Rule,
    StatusRow,
    Suspension,
    Tenant,
    WelcomeEmail,
)
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.vendors import GOOGLE, GRAPH, LEAVERS, MAILGUN, SKU, Institution, unit_of


class Endpoints(Protocol):
    """Where vendors are reached and secrets are kept."""

    @property
    def ca_file(self) -> Path | None:
        """The certificates to trust instead of the system's."""
        ...

    def url(self, vendor: str) -> str:
        """The vendor's root."""
        ...

    def secret(self, institution: Institution, kind: str) -> SecretRef:
        """A reference to the secret of that kind: `graph`, `google` or `mailgun`."""
        ...


def configured(institution: Institution, where: Endpoints) -> Tenant:
    """The institution's configuration."""
    microsoft = Provider.MICROSOFT in institution.providers
    google = Provider.GOOGLE in institution.providers
    return Tenant(
        id=institution.id,
        name=institution.name,
        microsoft=MicrosoftSection(
            tenant_id=institution.guid("tenant"),
            client_id=institution.guid("client"),
            client_secret=where.secret(institution, "graph"),
            usage_location="GR",
            graph_url=where.url(GRAPH),
            authority_url=where.url(GRAPH),
            ca_file=where.ca_file,
        )
        if microsoft
        else None,
        google=GoogleSection(
            service_account=where.secret(institution, "google"),
            admin_subject=institution.admin,
            directory_url=where.url(GOOGLE),
            licensing_url=where.url(GOOGLE),
            token_url=f"{where.url(GOOGLE)}/token",
            ca_file=where.ca_file,
            create_org_units=institution.create_org_units,
        )
        if google
        else None,
        addresses=Addresses(domain=institution.domain, rename=institution.rename),
        statuses=(
            StatusRow(id="applied", name="Application received", type="Application"),
            StatusRow(id="enrolled", name="Enrolled", type="Registered", provider_action=ProviderAction.CREATE_ACCOUNT),
            StatusRow(id="moved-up", name="Moved up", type="Registered", provider_action=ProviderAction.UPDATE_ACCOUNT),
            StatusRow(id="withdrawn", name="Withdrawn", type="Left"),
            StatusRow(id="left", name="Left", type="Left", provider_action=ProviderAction.SUSPEND_ACCOUNT),
            StatusRow(id="departed", name="Departed", type="Left", provider_action=ProviderAction.DELETE_ACCOUNT),
            StatusRow(id="graduated", name="Graduated", type="Alumni", provider_action=ProviderAction.RELEASE_ACCOUNT),
        ),
        rules=(
            *_everybody(microsoft=microsoft),
            *_licensed(institution.google_licences),
            *(_of_school(institution, s, microsoft, google) for s in SCHOOLS),
        ),
        on_change=institution.on_change,
        deletion=institution.deletion,
        suspension=Suspension(org_unit=LEAVERS if google else None),
        welcome_email=WelcomeEmail(enabled=True, languages=institution.languages),
        mailgun=MailgunSection(
            domain=institution.mail_domain,
            sender=f"{institution.name} <accounts@{institution.mail_domain}>",
            api_key=where.secret(institution, "mailgun"),
            url=where.url(MAILGUN),
            ca_file=where.ca_file,
        ),
        concurrency=institution.concurrency,
    )


def _everybody(*, microsoft: bool) -> Sequence[Rule]:
    return (Rule(licences=(SKU,)),) if microsoft else ()


def _licensed(licences: Mapping[str, str]) -> Sequence[Rule]:
    """Google's licences, of the schools that have some."""
    return [Rule(when={"school": (school,)}, licences=(licence,)) for school, licence in licences.items()]


def _of_school(institution: Institution, school: str, microsoft: bool, google: bool) -> Rule:  # noqa: FBT001
    groups: Mapping[Provider, tuple[str, ...]] = {
        **({Provider.MICROSOFT: (institution.guid(school),)} if microsoft else {}),
        **({Provider.GOOGLE: (f"{school}@{institution.domain}",)} if google else {}),
    }
    return Rule(
        when={"school": (school,)},
        org_unit=unit_of(school) if google else None,
        admin_unit=institution.admin_unit(school) if microsoft else None,
        groups=dict(groups),
    )
