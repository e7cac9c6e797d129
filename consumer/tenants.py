"""One institution, as `config/tenants/<id>.yaml` says it: the model, and nothing that reads files (see `consumer.configuration`).

One module for the one file, however long: its schema and its reference page are made of these models, in this order.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from consumer import countries
from consumer.events import Identifier, Provider, ProviderAction
from consumer.settings import Days, HttpsUrl, Seconds, Secret

Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", title="a time of day as `HH:MM`", examples=["02:30"])]
"""A time of day. YAML reads one without quotation marks as a number."""

Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        title="lower-case letters, digits and hyphens, at most 63",
        examples=["north-high"],
    ),
]
Domain = Annotated[
    str,
    Field(
        min_length=4,
        max_length=253,
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        title="a domain in lower case, without `@`",
        examples=["students.north-high.example"],
    ),
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", title="a BCP 47 tag", examples=["el"])]
Guid = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        title="a GUID as the Entra admin centre shows it",
        examples=["6babcaad-604b-40ac-a9d7-9fd97c0b779f"],
    ),
]
MarkerField = Annotated[
    str,
    Field(
        pattern=r"^(employeeId|extensionAttribute([1-9]|1[0-5])|extension_[0-9a-fA-F]{32}_[A-Za-z][A-Za-z0-9]{0,63})$",
        title="`employeeId`, `extensionAttribute1` to `extensionAttribute15`, or a directory extension's full name",
        examples=["extensionAttribute7"],
    ),
]
Mailbox = Annotated[
    str,
    Field(
        pattern=r"^([^<>\x00-\x1f\x7f]*<[^<>@,\s]+@[^<>@,\s]+>|[^<>@,\s]+@[^<>@,\s]+)$",
        max_length=256,
        title="an e-mail address, with a name if you like",
        examples=["North High <accounts@mail.north-high.example>"],
    ),
]
Address = Annotated[
    str,
    Field(
        pattern=r"^[^<>@,\s]+@[^<>@,\s]+$",
        max_length=256,
        title="an e-mail address alone",
        examples=["provisioner@north-high.example"],
    ),
]
LocalPart = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$",
        title="the part of an address before the `@`, in lower case",
        examples=["headmaster"],
    ),
]
Country = Annotated[
    str,
    Field(pattern=r"^[A-Z]{2}$", title="an ISO 3166 country of two capitals", examples=["GR"]),
    AfterValidator(countries.known),
]
ServiceAccount = Annotated[
    str,
    Field(
        pattern=r"^[^@\s/]+@[^@\s/]+$",
        title="a service account's e-mail address",
        examples=["provisioner@my-project.iam.gserviceaccount.com"],
    ),
]

When = Mapping[str, tuple[str, ...]]
"""A condition on a student's attributes: `consumer.policy.condition` says what it matches."""

OWN_CUSTOMER = "my_customer"
"""Google's name for the administrator's own Workspace customer."""

LONGEST_NAME = 200
"""Characters of an institution's name."""

PARTS = "parts"
"""The validation context in which a tenant's parts are checked one by one, and `Tenant.contradictions` by the reader of the file."""


class Contradiction(NamedTuple):
    """Two or more places of a file that cannot all be meant: the one to point at, the others, what is wrong and what would be right."""

    place: tuple[str | int, ...]
    others: Sequence[tuple[str | int, ...]]
    wrong: str
    right: str


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class ManagedIdentity(StrEnum):
    """Which identity of the Azure resource that the service runs on acts for it."""

    SYSTEM_ASSIGNED = "system_assigned"
    USER_ASSIGNED = "user_assigned"


class MicrosoftLimits(_Section):
    """How many requests are sent to Graph at most: Microsoft's published limits, shared by all tenants that they are counted together \
for. Lower them where other applications need a part."""

    writes: int = Field(default=3_000, ge=1)
    """Writes of this application in this directory, in 150 seconds."""
    directory_writes: int = Field(default=18_000, ge=1)
    """Writes of all applications in this directory, in 300 seconds."""
    application_writes: int = Field(default=35_000, ge=1)
    """Writes of this application in all directories, in 300 seconds."""
    resource_units: int = Field(default=3_500, ge=10)
    """Resource units of this application in this directory, in 10 seconds: 3,500 for a directory with fewer than 50 users, 5,000 with up \
to 500, 8,000 with more."""


class Cloud(StrEnum):
    """One of Microsoft's clouds; the GCC of the United States is in the global one."""

    GLOBAL = "global"
    US_GOVERNMENT = "us_government"
    US_DEFENSE = "us_defense"
    CHINA = "china"


class _Hosts(NamedTuple):
    """Where a cloud's services are. Source: Microsoft's page "National cloud deployments"."""

    graph: str
    authority: str


_CLOUDS: Mapping[Cloud, _Hosts] = {
    Cloud.GLOBAL: _Hosts("https://graph.microsoft.com", "https://login.microsoftonline.com"),
    Cloud.US_GOVERNMENT: _Hosts("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    Cloud.US_DEFENSE: _Hosts("https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    Cloud.CHINA: _Hosts("https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
}


class MicrosoftSection(_Section):
    """The Entra application that acts for this institution, and one credential of it: `client_secret`, `certificate`, \
`federated_token_file` or `managed_identity`."""

    tenant_id: Guid
    """The directory (tenant) id."""
    client_id: Guid
    """The application (client) id; with `managed_identity`, the identity's."""
    client_secret: Secret | None = None
    """The application's client secret."""
    certificate: Secret | None = None
    """The application's certificate and its private RSA key, in PEM, one after the other."""
    certificate_password: Secret | None = None
    """The password of that key, if it has one."""
    federated_token_file: Path | None = None
    """A token of an issuer that the application trusts (workload identity federation), such as `AZURE_FEDERATED_TOKEN_FILE` names in \
Kubernetes. It is read for each token, since it is renewed there."""
    managed_identity: ManagedIdentity | None = None
    """The identity of the Azure resource that the service runs on; it must belong to this directory. `user_assigned` is the one whose \
client id is `client_id`."""
    usage_location: Country
    """Where the licences are used; Graph gives none without it."""
    marker: MarkerField = "employeeId"
    """The user property that holds the marker. Choose it before the first account; nothing else may write it."""
    cloud: Cloud = Cloud.GLOBAL
    """Microsoft's cloud that the directory is in: `us_government` is GCC High, `us_defense` DoD, `china` 21Vianet's. It has the two \
addresses below, unless they are given."""
    graph_url: HttpsUrl = _CLOUDS[Cloud.GLOBAL].graph
    """Graph's root; another one in another cloud."""
    authority_url: HttpsUrl = _CLOUDS[Cloud.GLOBAL].authority
    """Where tokens come from; another one in another cloud."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""
    limits: MicrosoftLimits = MicrosoftLimits()
    """Graph's limits."""

    @property
    def credential(self) -> str:
        """The key that gives the credential."""
        return _given(self, _ENTRA_CREDENTIALS)[0]

    @model_validator(mode="before")
    @classmethod
    def _has_its_clouds_addresses(cls, given: Any) -> Any:  # noqa: ANN401  what a file holds
        if not isinstance(given, Mapping):
            return given
        section = cast("Mapping[str, Any]", given)
        named = (hosts for cloud, hosts in _CLOUDS.items() if cloud == section.get("cloud"))
        hosts = next(named, _CLOUDS[Cloud.GLOBAL])
        return {"graph_url": hosts.graph, "authority_url": hosts.authority, **section}

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        _require_one(self, _ENTRA_CREDENTIALS)
        if self.certificate_password and not self.certificate:
            raise ValueError("gives a `certificate_password` without a `certificate`")
        return self


class GoogleLimits(_Section):
    """How many requests are sent to Google at most: its published limits, shared by all tenants that they are counted together for. \
Queries can be raised in the Cloud console."""

    creations: int = Field(default=10, ge=1)
    """Accounts created in the domain, in a second."""
    queries: int = Field(default=2_400, ge=1)
    """Requests to the Directory API on behalf of the administrator, in a minute."""
    licences: float = Field(default=1.0, ge=0.01, le=100)
    """Requests to the License Manager on behalf of the administrator, in a second; somewhat fewer are made. Nothing else waits for them: \
licences are given last."""


class GoogleSection(_Section):
    """The service account with domain-wide delegation that acts for this institution, as `admin_subject`: by its key \
(`service_account`), or without one (`impersonate`)."""

    service_account: Secret | None = None
    """The service account's key, the JSON that Google hands out."""
    impersonate: ServiceAccount | None = None
    """The service account, where no key of it exists: Google signs for it (IAM Credentials `signJwt`), asked by the identity that the \
service has where it runs (application default credentials) or by `credential_configuration`."""
    credential_configuration: Path | None = None
    """A credential configuration for workload identity federation, as `gcloud iam workload-identity-pools create-cred-config` writes it. \
It holds no secret; the token that it points to is read each time."""
    admin_subject: Address
    """The administrator on whose behalf the service account acts."""
    customer_id: str = OWN_CUSTOMER
    """The Workspace customer; `my_customer` is the administrator's own."""
    create_org_units: bool = False
    """Create the organisational units that `rules` and `suspension` name where they do not exist, and the units above them. It needs \
one more scope and privilege (docs/vendors.md): grant them first. A path that is misspelt creates a unit too."""
    directory_url: HttpsUrl = "https://admin.googleapis.com"
    """The Directory API's root."""
    licensing_url: HttpsUrl = "https://licensing.googleapis.com"
    """The License Manager's root, for tenants whose `rules` give Google's licences."""
    token_url: HttpsUrl = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
    """Where tokens come from."""
    iam_url: HttpsUrl = "https://iamcredentials.googleapis.com"
    """The IAM Credentials API's root, for `impersonate`."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""
    limits: GoogleLimits = GoogleLimits()
    """Google's limits."""

    @property
    def credential(self) -> str:
        """The key that gives the credential."""
        return _given(self, _GOOGLE_CREDENTIALS)[0]

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        _require_one(self, _GOOGLE_CREDENTIALS)
        if self.credential_configuration and not self.impersonate:
            raise ValueError("gives a `credential_configuration` without `impersonate`, the service account to act as")
        return self


class OnTaken(StrEnum):
    """What to do where the address for a student belongs to an account that does not carry this service's marker."""

    NEXT = "next"
    HOLD = "hold"


class Announce(StrEnum):
    """When a student's account is announced, and the student welcomed."""

    SIGN_IN = "sign_in"
    COMPLETE = "complete"


class Rename(StrEnum):
    """What a changed name does to an account's address."""

    NEVER = "never"
    ALIAS = "alias"  # the former one stays the account's where the provider keeps it


QUARANTINE = 730.0
"""Days for which a former address is given to no other student, by default."""


class Addresses(_Section):
    """Sign-in names. The patterns are tried in the listed order, then those with `{n}` again for the next number, from 2. \
`docs/addresses.md` says how names of every script are written."""

    domain: Domain
    """The domain of the addresses; the provider must have verified it."""
    patterns: tuple[str, ...] = ("{given}.{family}", "{given}.{family}{n}")
    """Of `{given}`, `{family}`, `{preferred}`, `{given_initial}`, `{family_initial}`, `{student_id}`, `{registration_number}`, `{n}`."""
    language: Language | None = None
    """The language of the students' names, where several share a script and `preferred_language` is none of them: `uk`, `sr`, `ja`, … \
By default that of `microsoft.usage_location`."""
    reserved: tuple[LocalPart, ...] = ()
    """Local parts that no student is given, besides those that are reserved everywhere (`postmaster`, `admin`, `info`, …)."""
    on_taken: OnTaken = OnTaken.NEXT
    """If an address belongs to an account without this service's marker: `next` tries the next address, `hold` holds the student for \
a person. Choose `hold` where students may have accounts that were made in another way."""
    shared_with: tuple[Slug, ...] = ()
    """The other tenants that use the same `domain`; each of them must name this one too."""
    rename: Rename = Rename.NEVER
    """What a changed name does to the address of an account that this service made, where `on_change` is `follow`: `never` leaves it, \
`alias` gives the account the first free address of the new name."""
    quarantine: Days = QUARANTINE
    """Days for which no other student is given an address that an account had before it was renamed."""


class StatusRow(_Section):
    """One row of the institution's drop-down list. The id is what is mapped; name and type are for people. Several rows may have the \
same id: the first whose `when` matches the student decides. Where none does, the status means what one outside the table means \
(`unlisted_status`)."""

    id: Identifier
    """The row's id, as events carry it."""
    name: str
    """What people see in the list."""
    type: str
    """The list's own grouping, such as Registered or Admission."""
    provider_action: ProviderAction | None = None
    """What the status does; nothing where it is left out."""
    when: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    """Attribute names with the values that match; a row without it is for every student, and the last with its id."""


class UnlistedStatus(StrEnum):
    """What an id outside the status table means; and one whose rows are all for other students, so that none is lost silently."""

    DEAD_LETTER = "dead_letter"
    SKIP = "skip"


def licence_provider(licence: str) -> Provider:
    """Whose licence a rule names: Google's has its product before the slash, Microsoft's is a SKU id alone."""
    return Provider.GOOGLE if "/" in licence else Provider.MICROSOFT


def product_of(licence: str) -> str:
    """The product of one of Google's licences, of which a user has one SKU at most."""
    return licence.partition("/")[0]


class Rule(_Section):
    """Adds to what an account is given, where every attribute in `when` has one of its values. Later rules override `org_unit` and \
`admin_unit`."""

    when: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    """Attribute names with the values that match; a rule without it applies to every student."""
    org_unit: str | None = None
    """Google's orgUnitPath, such as `/Students/7`."""
    admin_unit: Annotated[str, StringConstraints(to_lower=True)] | None = None
    """The object id (a GUID) of a Microsoft administrative unit that the account is put into."""
    licences: tuple[str, ...] = ()
    """Microsoft's by SKU id, Google's as `product/sku`, such as `101031/1010310008`: at most one SKU of a product."""
    groups: dict[Provider, tuple[str, ...]] = Field(default_factory=dict[Provider, tuple[str, ...]])
    """Group ids (Microsoft) or addresses (Google), by provider."""

    def licences_at(self, provider: Provider) -> tuple[str, ...]:
        """Those that are given at this provider. Their form says whose they are."""
        return tuple(licence for licence in self.licences if licence_provider(licence) is provider)


class OnChange(StrEnum):
    """What a later event of a student who has an account changes of it."""

    CREATE_ONLY = "create_only"
    FOLLOW = "follow"


class Suspension(_Section):
    """What `suspend_account` does besides blocking the sign-in. All of it is undone when a later event wants the account again."""

    end_sessions: bool = True
    """Sign the student out everywhere. Google does so with every suspension."""
    remove_licences: bool = False
    """Take away the licences that this service gave, so that others can have them. Their data may be deleted after a while."""
    org_unit: str | None = None
    """Move the account to this organisational unit (Google), such as `/Leavers`."""


class DeletionNotice(_Section):
    """A mail that announces the deletion of an account to the student and the office, once for each date. An account is not deleted \
before its notice was accepted or permanently rejected, nor sooner than a day after it was accepted (or half of `days`, if that is less): \
then the deletion is put off."""

    days: Days = 7.0
    """So many days before the deletion the mail is sent; at once where the deletion is sooner."""
    student: bool = True
    """Whether it goes to the student's contact address."""
    office: tuple[Address, ...] = ()
    """Addresses that get it too. Students do not see them."""
    template: Slug = "account-deletion-notice-email"
    """The folder of the mail below `templates_dir`."""
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    """Languages that the template has; the first is for the office alone, and for students whose own is not among them."""

    @model_validator(mode="after")
    def _has_readers(self) -> Self:
        if not self.student and not self.office:
            raise ValueError("is for no one: give addresses in `office`, or make `student` true")
        return self


class Deletion(_Section):
    """When `delete_account` deletes the account, which is suspended at once. A later status with another action, or with none, \
cancels the deletion."""

    grace: Days = 30.0
    """Days between the suspension and the deletion, at the least."""
    date_attribute: Identifier | None = None
    """The student's attribute with a date as `YYYY-MM-DD`, before the end of which (UTC) the account is not deleted either. Where a \
student has no such attribute, `grace` alone decides."""
    notice: DeletionNotice | None = None
    """The mail that announces the deletion; none where it is left out."""


class GuardedAction(_Section):
    """How many accounts an action may take something away from: the larger of `accounts` and `percent`, within any `window`."""

    accounts: int = Field(default=20, ge=0)
    """So many accounts in any case."""
    percent: float = Field(default=5.0, ge=0, le=100)
    """So many of a hundred of the tenant's accounts."""
    window: Seconds = 3600.0
    """The sliding window, in seconds."""


class Guard(_Section):
    """Where an action would take something away from more accounts than this, it is parked until a person approves or rejects it."""

    suspend_account: GuardedAction = GuardedAction()
    """Suspensions."""
    delete_account: GuardedAction = GuardedAction()
    """Deletions: counted when they are asked for, which blocks the sign-in, and not again when the account is deleted."""
    release_account: GuardedAction = GuardedAction()
    """Accounts that are handed to the institution."""
    remove_licences: GuardedAction = GuardedAction()
    """Licences that the rules do not give any more, where `on_change` is `follow`. What a suspension takes counts as a suspension."""
    rename_account: GuardedAction = GuardedAction()
    """Accounts that get another address, where `addresses.rename` is `alias`."""


class Reconciliation(_Section):
    """The nightly comparison of the institution's directories with what this service knows, by one replica. The command `reconcile` does \
the same at any time, and lists the accounts."""

    at: Hour
    """When it begins, as `HH:MM` in UTC, in quotation marks."""
    repair: bool = False
    """Whether the service then sets right what it may, as the command's option `--repair` does."""


class WelcomeEmail(_Section):
    """The switch "send a welcome e-mail when a new student account is created", and what it sends."""

    enabled: bool
    """Whether a welcome mail is sent."""
    template: Slug = "new-user-creation-without-account-email"
    """The folder of the mail below `templates_dir`."""
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    """Languages that the template has; the first is for students whose own is not among them."""


MAILGUN_REGIONS: Mapping[str, str] = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
"""The API's root in each region."""


class MailgunLimits(_Section):
    """How many mails are sent at most. Mailgun publishes no limit: each account has its own, and a low one at first."""

    messages: int = Field(default=100, ge=1)
    """Mails in each period."""
    seconds: Seconds = 1.0
    """The length of the period, in seconds: 3600 for a limit by the hour."""
    account: Slug | None = None
    """Any name for the Mailgun account: tenants that give the same one share its limit. By default each domain has its own."""


class MailgunSection(_Section):
    """Where mail is sent from. `api_key` may be a domain sending key; looking up a mail's outcome then needs `lookup_key`."""

    domain: Domain
    """The sending domain."""
    sender: Mailbox
    """The sender of the mail."""
    api_key: Secret
    """A sending key."""
    lookup_key: Secret | None = None
    """A key that may read events, where `api_key` may only send."""
    region: Literal["us", "eu"] = "us"
    """Where Mailgun keeps the domain."""
    url: HttpsUrl | None = None
    """The API's root, instead of the region's."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""
    limits: MailgunLimits = MailgunLimits()
    """The account's limit."""

    @property
    def base_url(self) -> str:
        """The API's root, from `url` where given, else by region."""
        return self.url or MAILGUN_REGIONS[self.region]


class Outline(BaseModel):
    """What intake needs of a tenant: its status table and its providers. It can be read from a file that holds mistakes elsewhere."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Slug
    statuses: tuple[StatusRow, ...] = Field(min_length=1)
    unlisted_status: UnlistedStatus = UnlistedStatus.DEAD_LETTER
    microsoft: object = None
    google: object = None

    @property
    def providers(self) -> tuple[Provider, ...]:
        return _providers(self.microsoft, self.google)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.providers:
            raise ValueError("names no provider")
        for found in _unreached(self.statuses):
            raise ValueError(f"{'.'.join(map(str, found.place))} {found.wrong}")
        return self


class Tenant(_Section):
    """One institution: its providers, domain, status table, rules and mail settings."""

    id: Slug
    """Also the file's name. Never change it: the marker on every account holds it."""
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    """The institution's name, as students know it."""
    microsoft: MicrosoftSection | None = None
    """Microsoft 365."""
    google: GoogleSection | None = None
    """Google Workspace."""
    addresses: Addresses
    """How sign-in names are made."""
    statuses: tuple[StatusRow, ...] = Field(min_length=1)
    """The institution's own drop-down list."""
    unlisted_status: UnlistedStatus = UnlistedStatus.DEAD_LETTER
    """What a status outside the table means, and one none of whose rows matches the student."""
    rules: tuple[Rule, ...] = ()
    """What students are given."""
    on_change: OnChange = OnChange.CREATE_ONLY
    """What a later event changes of an account that exists: with `create_only` it gets the licences, groups and administrative unit that \
the rules give and it lacks, and nothing else; with `follow`, names, language and organisational unit change as well, and licences, groups \
and administrative unit that this service gave are taken when the rules do not give them any more. What people have changed or added by \
hand stays."""
    suspension: Suspension = Suspension()
    """What a suspension takes away."""
    deletion: Deletion = Deletion()
    """When `delete_account` deletes the account."""
    guard: Guard = Guard()
    """How many accounts may lose something before a person is asked."""
    announce: Announce = Announce.SIGN_IN
    """When `account-provisioned` is published and the welcome mail sent: `sign_in` as soon as the student can sign in, `complete` when \
all licences and groups are assigned, and the account is in its administrative unit. Google takes one licence a second: the last of 1,000 \
new students waits 25 minutes then."""
    welcome_email: WelcomeEmail
    """The welcome mail."""
    mailgun: MailgunSection | None = None
    """Where mail is sent from."""
    dry_run: bool = False
    """Decide and plan, look accounts up, and publish what would be done (`account-planned`); change nothing at a vendor and send no mail. \
Once it is false again, the students concerned are worked."""
    concurrency: int = Field(default=16, ge=1, le=256)
    """How many of its students may be in work at once, in one process."""
    reconcile: Reconciliation | None = None
    """The nightly reconciliation; none where it is left out."""
    keep_attempts: Days | None = None
    """For how many days to keep what became of each attempt at a step; left out: as the service's `retention.attempts` says."""

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The providers that this institution uses, in a fixed order."""
        return _providers(self.microsoft, self.google)

    @property
    def country(self) -> str | None:
        """Where the institution is (ISO 3166), as far as its file says."""
        return self.microsoft.usage_location if self.microsoft else None

    @property
    def writes_mail(self) -> bool:
        """Whether anyone is written to."""
        return self.welcome_email.enabled or self.deletion.notice is not None

    def gives_licences_at(self, provider: Provider) -> bool:
        """Whether any rule gives licences there."""
        return any(rule.licences_at(provider) for rule in self.rules)

    def digest(self) -> bytes:
        """Identifies this configuration: what the file says, not how it is written. Secrets are references, and stay out of it."""
        return sha256(self.model_dump_json().encode()).digest()

    def contradictions(self) -> Iterator[Contradiction]:
        """What can only be seen in several parts of the file at once."""
        if not self.providers:
            right = "Give it a `microsoft` or a `google` section, or both."
            yield Contradiction((), (("microsoft",), ("google",)), "The tenant names no provider", right)
        if self.welcome_email.enabled and not self.mailgun:
            wrong = "is true but there is no `mailgun` section to send it through"
            yield Contradiction(
                ("welcome_email", "enabled"), (("mailgun",),), wrong, "Add the section, or make it false."
            )
        if self.deletion.notice and not self.mailgun:
            wrong = "is there but there is no `mailgun` section to send it through"
            yield Contradiction(
                ("deletion", "notice"), (("mailgun",),), wrong, "Add the section, or leave the notice out."
            )
        yield from _unreached(self.statuses)

    @model_validator(mode="after")
    def _is_whole(self, info: ValidationInfo) -> Self:
        if info.context != PARTS:
            for found in self.contradictions():
                raise ValueError(f"{'.'.join(map(str, found.place))} {found.wrong}".strip())
        return self


_ENTRA_CREDENTIALS = ("client_secret", "certificate", "federated_token_file", "managed_identity")
_GOOGLE_CREDENTIALS = ("service_account", "impersonate")


def _given(section: BaseModel, names: Sequence[str]) -> Sequence[str]:
    return [name for name in names if getattr(section, name) is not None]


def _require_one(section: BaseModel, names: Sequence[str]) -> None:
    given = _given(section, names)
    if len(given) != 1:
        listed = ", ".join(f"`{name}`" for name in given or names)
        wrong = f"gives more than one credential ({listed})" if given else "gives no credential"
        raise ValueError(f"{wrong}: give one of {', '.join(f'`{name}`' for name in names)}")


def _providers(microsoft: object, google: object) -> tuple[Provider, ...]:
    return tuple(at for at, section in ((Provider.MICROSOFT, microsoft), (Provider.GOOGLE, google)) if section)


def _unreached(statuses: Sequence[StatusRow]) -> Iterator[Contradiction]:
    """Rows behind the one with their id that is for every student."""
    last: dict[str, int] = {}
    for number, row in enumerate(statuses):
        if row.id not in last:
            if not row.when:
                last[row.id] = number
            continue
        first = last[row.id]
        others = [("statuses", n, key) for n in (first, number) for key in ("id", "when")]
        if row.when:
            wrong = f"comes after row {first + 1}, which has no `when` and decides for every student with `{row.id}`"
            yield Contradiction(("statuses", number, "when"), others, wrong, "Move this row above that one.")
        else:
            wrong = f"is `{row.id}` again, as in row {first + 1}, and neither row has a `when`"
            right = "Keep one of the two rows, or give the first a `when`."
            yield Contradiction(("statuses", number, "id"), others, wrong, right)
