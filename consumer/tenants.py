"""One institution, as `config/tenants/<id>.yaml` says it: the model, and nothing that reads files (see `consumer.configuration`)."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from consumer.events import Identifier, Provider, ProviderAction
from consumer.settings import HttpsUrl, Secret

Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="lower-case letters, digits and hyphens, at most 63",
        examples=["north-high"],
    ),
]
Domain = Annotated[
    str,
    Field(
        min_length=4,
        max_length=253,
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        description="a domain in lower case, without `@`",
        examples=["students.north-high.example"],
    ),
]
Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a BCP 47 tag", examples=["el"])
]
Guid = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        description="a GUID as the Entra admin centre shows it",
        examples=["6babcaad-604b-40ac-a9d7-9fd97c0b779f"],
    ),
]
Mailbox = Annotated[
    str,
    Field(
        pattern=r"^([^<>\x00-\x1f\x7f]*<[^<>@,\s]+@[^<>@,\s]+>|[^<>@,\s]+@[^<>@,\s]+)$",
        max_length=256,
        description="an e-mail address, with a name if you like",
        examples=["North High <accounts@mail.north-high.example>"],
    ),
]
Country = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$", description="an ISO 3166 country of two capitals", examples=["GR"])
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MicrosoftSection(_Section):
    """The Entra application that acts for this institution."""

    tenant_id: Guid
    client_id: Guid
    client_secret: Secret
    usage_location: Country
    graph_url: HttpsUrl = "https://graph.microsoft.com"
    authority_url: HttpsUrl = "https://login.microsoftonline.com"
    ca_file: str | None = None


class GoogleSection(_Section):
    """The service account with domain-wide delegation that acts for this institution, as `admin_subject`."""

    service_account: Secret
    admin_subject: Mailbox
    customer_id: str = "my_customer"
    directory_url: HttpsUrl = "https://admin.googleapis.com"
    token_url: HttpsUrl = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
    ca_file: str | None = None


class Addresses(_Section):
    """Sign-in names: patterns are tried in turn; `{n}` counts from 2 when namesakes have taken the rest."""

    domain: Domain
    patterns: tuple[str, ...] = ("{given}.{family}", "{given}.{family}{n}")


class StatusRow(_Section):
    """One row of the institution's drop-down list. The id is what is mapped; name and type are for people."""

    id: Identifier
    name: str
    type: str
    provider_action: ProviderAction | None = None


class UnlistedStatus(StrEnum):
    """What an id outside the status table means."""

    DEAD_LETTER = "dead_letter"
    SKIP = "skip"


class Rule(_Section):
    """Adds to what an account is given, where every attribute in `when` has one of its values. Later rules override `org_unit`."""

    when: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    org_unit: str | None = None
    licences: tuple[str, ...] = ()
    groups: dict[Provider, tuple[str, ...]] = Field(default_factory=dict[Provider, tuple[str, ...]])


class WelcomeEmail(_Section):
    """The switch "send a welcome e-mail when a new student account is created", and what it sends."""

    enabled: bool
    template: Slug = "new-user-creation-without-account-email"
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)


class MailgunSection(_Section):
    """Where mail leaves. `api_key` may be a domain sending key; the look-up of a mail's fate then needs `lookup_key`."""

    domain: Domain
    sender: Mailbox
    api_key: Secret
    lookup_key: Secret | None = None
    region: Literal["us", "eu"] = "us"
    url: HttpsUrl | None = None
    ca_file: str | None = None

    @property
    def base_url(self) -> str:
        """The API's root, from `url` where given, else by region."""
        return self.url or {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}[self.region]


class Tenant(_Section):
    """One institution: its providers, domain, status table, rules and mail settings."""

    id: Slug
    name: str = Field(min_length=1, max_length=200, description="the institution's name, as students know it")
    microsoft: MicrosoftSection | None = None
    google: GoogleSection | None = None
    addresses: Addresses
    statuses: tuple[StatusRow, ...] = Field(min_length=1)
    unlisted_status: UnlistedStatus = UnlistedStatus.DEAD_LETTER
    rules: tuple[Rule, ...] = ()
    welcome_email: WelcomeEmail
    mailgun: MailgunSection | None = None
    concurrency: int = Field(
        default=16, ge=1, le=256, description="Students of this tenant in work at once, in one process."
    )

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The providers that this institution uses, in a fixed order."""
        return tuple(
            p for p, section in ((Provider.MICROSOFT, self.microsoft), (Provider.GOOGLE, self.google)) if section
        )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.providers:
            raise ValueError("names no provider: give it a `microsoft` or a `google` section, or both")
        if self.welcome_email.enabled and not self.mailgun:
            raise ValueError("`welcome_email.enabled` is true but there is no `mailgun` section to send it through")
        ids = [row.id for row in self.statuses]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"`statuses` lists these ids more than once: {', '.join(repeated)}")
        return self
