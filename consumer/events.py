"""The typed records that come in and go out. Their Avro forms are `schemas/*.avsc`; `consumer.codec` maps between the two."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from consumer.errors import Reason

_OPERATIONS = UUID("6f7f2f0e-6f0c-4a56-9a5c-3d0b6a3f9c11")


class Provider(StrEnum):
    """Where accounts are made."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"


class ProviderAction(StrEnum):
    """What a status does. `create_account` is the customer's "Auto-creation of Provider Account"; `update_account` does the same for a \
student who has an account, and nothing for one who has none. `suspend_account` blocks its sign-in; `delete_account` does so too, and \
deletes the account when the time that `deletion` gives has passed; `release_account` takes this service's marker off it, and hands it to \
the institution. The newest event alone decides, whatever came before it."""

    CREATE_ACCOUNT = "create_account"
    UPDATE_ACCOUNT = "update_account"
    SUSPEND_ACCOUNT = "suspend_account"
    DELETE_ACCOUNT = "delete_account"
    RELEASE_ACCOUNT = "release_account"


class Origin(StrEnum):
    """How the account came to be ours."""

    CREATED = "created"
    ADOPTED = "adopted"
    RESTORED = "restored"


class StepName(StrEnum):
    """One effect with the outside world, in the order in which they are taken."""

    ADDRESS = "address"
    CREATE = "create"
    LICENCES = "licences"
    GROUPS = "groups"
    ADMIN_UNIT = "admin_unit"  # at Microsoft; `unit` is Google's organisational unit
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    SESSIONS = "sessions"
    UNIT = "unit"
    DELETE = "delete"
    RELEASE = "release"
    RENAME = "rename"
    PROFILE = "profile"  # what the account says of the student: names, preferred language
    PASSWORD = "password"  # noqa: S105  a step; taken only if the outcome of a welcome mail cannot be determined
    WELCOME = "welcome"
    NOTICE = "notice"  # the mail that announces a deletion


_BLANK = frozenset(" \u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Characters that `str.isprintable` lets pass and that show nothing: fillers, variation selectors (Unicode's default ignorables)."""


def is_blank(character: str) -> bool:
    """Whether a person would see nothing of it: blanks, no-break spaces, zero-width and control characters, fillers."""
    return character in _BLANK or not character.isprintable()


def _visible(text: str) -> str:
    """Refuses a text of blanks alone."""
    for character in text:
        if not is_blank(character):
            return text
    raise ValueError("it shows nothing: it has only blanks or invisible characters")


def _sorted(attributes: dict[str, str]) -> dict[str, str]:
    """In one order: that of an Avro map is no part of its content."""
    return dict(sorted(attributes.items()))


AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Identifier = Annotated[AttributeName, AfterValidator(_visible)]
_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]*$"
Line = Annotated[str, StringConstraints(max_length=256, pattern=_LINE)]
Contact = Annotated[str, StringConstraints(max_length=256, pattern=_LINE, strip_whitespace=True)]
"""A line without the blanks and line ends around it, which exports leave behind an address."""


class _Incoming(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Status(_Incoming):
    """A row of the institution's drop-down list, as it stood when the event was written."""

    id: Identifier
    name: Line
    type: Line


class Student(_Incoming):
    """The person, as the SIS knows them. Field limits are the strictest of the vendors'; breaking one rejects the event."""

    student_id: Identifier
    registration_number: Line | None = None
    given_name: Line = ""
    family_name: Line = ""
    preferred_name: Line | None = None
    contact_email: Contact | None = None
    guardian_emails: tuple[Contact, ...] = ()
    preferred_language: Line | None = None
    attributes: Annotated[dict[AttributeName, Line], AfterValidator(_sorted)] = Field(default_factory=dict)
    external_sync_disabled: bool = False


class StudentStatusChanged(_Incoming):
    """What the SIS reports: this student has this status since then. `version` rises per student, and is all that orders events."""

    event_id: Identifier
    occurred_at: AwareDatetime
    tenant_id: Identifier
    version: int = Field(ge=0, le=2**63 - 1)
    previous_status: Line | None = None
    status: Status
    student: Student


def student_key(tenant_id: str, student_id: str) -> bytes:
    """The Kafka key of everything about one student: unambiguous because a tenant's id holds no slash."""
    return f"{tenant_id}/{student_id}".encode()


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that an outcome answers."""

    event_id: str
    version: int


@dataclass(frozen=True, slots=True)
class ProvisionedAccount:
    """The account as it stands at the provider."""

    object_id: str
    sign_in_name: str
    email: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SignOnIdentity:
    """What an OIDC sign-in of this account will carry: Microsoft `tid` and `oid`; for Google the Directory user id."""

    issuer: str
    subject: str
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccountProvisioned:
    """The account exists and can be signed in to, with these licences and groups: all that the rules give, or but for what is held."""

    event_id: UUID
    occurred_at: datetime
    tenant_id: str
    student_id: str
    cause: Cause
    provider: Provider
    account: ProvisionedAccount
    identity: SignOnIdentity
    licences: tuple[str, ...]
    groups: tuple[str, ...]
    duration_ms: int


class AccountChange(StrEnum):
    """What became of an account that existed."""

    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    UPDATED = "updated"
    MOVED = "moved"
    RENAMED = "renamed"
    DELETION_SCHEDULED = "deletion_scheduled"
    DELETION_CANCELLED = "deletion_cancelled"
    DELETED = "deleted"
    RELEASED = "released"


class AccountPart(StrEnum):
    """What a change of an account consists of."""

    SIGN_IN = "sign_in"
    SESSIONS = "sessions"
    LICENCES = "licences"
    ORG_UNIT = "org_unit"
    PROFILE = "profile"
    GROUPS = "groups"
    ADMIN_UNIT = "admin_unit"
    ADDRESS = "address"
    ACCOUNT = "account"  # all of it
    MARKER = "marker"


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """The account was changed as `change` says. `parts` are done; `missing` are wanted, and wait for a person.

    `delete_at`: when it will be deleted, of a deletion that was scheduled.
    """

    event_id: UUID
    occurred_at: datetime
    tenant_id: str
    student_id: str
    cause: Cause
    provider: Provider
    action: ProviderAction
    change: AccountChange
    account: ProvisionedAccount
    parts: tuple[AccountPart, ...]
    missing: tuple[AccountPart, ...]
    duration_ms: int
    delete_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountProvisioningFailed:
    """The account is not as `action` wants it. Unless `final`, it will be tried again: at `retry_at`, or when a person has acted."""

    event_id: UUID
    occurred_at: datetime
    tenant_id: str
    student_id: str
    cause: Cause
    provider: Provider
    step: StepName
    reason: Reason
    final: bool
    retry_at: datetime | None
    message: str
    action: ProviderAction = ProviderAction.CREATE_ACCOUNT


class Seen(StrEnum):
    """What a look at the provider has shown of a student's account, by its marker."""

    ABSENT = "absent"
    PRESENT = "present"
    DELETED = "deleted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AccountPlanned:
    """What would be done for `action` if the tenant were not in dry run. Nothing was done.

    `account` is what a look showed, `reason` why it showed nothing. `steps` are those of the plan, by their names. `sign_in_name`: the
    first that would be tried for a new account. `org_unit` is Google's, `admin_unit` Microsoft's.
    """

    event_id: UUID
    occurred_at: datetime
    tenant_id: str
    student_id: str
    cause: Cause
    provider: Provider
    action: ProviderAction
    account: Seen
    reason: Reason | None
    steps: tuple[str, ...]
    sign_in_name: str | None
    org_unit: str | None
    licences: tuple[str, ...]
    groups: tuple[str, ...]
    admin_unit: str | None = None


class MailState(StrEnum):
    """The state of a welcome mail, as far as the mail service has reported it."""

    ACCEPTED = "accepted"
    DELAYED = "delayed"
    NOT_WANTED = "not_wanted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WelcomeEmailStatus:
    """The state of the welcome mail. `message_id` is the RFC 5322 Message-Id, without brackets, where one was sent; `message` says why
    none was, in a sentence without personal data."""

    event_id: UUID
    occurred_at: datetime
    tenant_id: str
    student_id: str
    cause: Cause
    provider: Provider
    state: MailState
    reason: Reason | None
    message_id: str | None
    message: str | None = None


Outcome = AccountProvisioned | AccountChanged | AccountProvisioningFailed | WelcomeEmailStatus | AccountPlanned


def outcome_id(kind: str, tenant_id: str, student_id: str, provider: Provider, version: int, detail: str = "") -> UUID:
    """The `event_id` of an outcome, derived from the operation: a repeat has the same id, so any consumer can drop it."""
    return uuid5(_OPERATIONS, "\x1f".join((kind, tenant_id, student_id, provider, str(version), detail)))
