"""The tree of faults, by what the caller must do about them.

    Fault
    ├── RetryLater            nothing happened; the same request may be sent again
    │   ├── Throttled         rate limited: the whole tenant waits, on every replica
    │   ├── OnHold            a hold of the tenant, or of what the call needs, is not over yet
    │   ├── Unavailable       could not be reached, or is temporarily unable to answer
    │   └── NotYet            the vendor's replicas have not caught up with an earlier write
    ├── OutcomeUnknown        the request may or may not have been carried out; neither failed nor done
    ├── GiveUp                final for this student: trying again would get the same answer
    │   └── AddressTaken      definite: another account has the address; whose it is must be looked up
    ├── Hold                  waits for a person, scoped to those affected by the cause
    ├── Superseded            a newer event of the student was accepted; this version's remaining steps are not started
    ├── Fenced                another process owns the work now: drop it, write nothing
    └── Stop                  the process cannot continue: its configuration or its store is unusable

No text of a fault holds a name, an address, an e-mail or a secret: texts end in logs and in outcome events. `code` is the vendor's own
code for a refusal, such as `400 Request_BadRequest`; it is kept in the ledger with the wait that the refusal causes. `request_id` is the
vendor's name for the call, by which its support finds it; it is kept with the attempt.
"""

from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why an account could not be provisioned; the closed set that `account-provisioning-failed` publishes."""

    THROTTLED = "throttled"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    ADDRESS_EXHAUSTED = "address_exhausted"
    ACCOUNT_CONFLICT = "account_conflict"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_OPENED = "account_opened"
    ACCOUNT_RELEASED = "account_released"
    CHANGE_NOT_VISIBLE = "change_not_visible"
    INVALID_PROFILE = "invalid_profile"
    INVALID_DATE = "invalid_date"
    DOMAIN_NOT_VERIFIED = "domain_not_verified"
    ORG_UNIT_MISSING = "org_unit_missing"
    GROUP_MISSING = "group_missing"
    GROUP_REFUSED = "group_refused"
    ADMIN_UNIT_MISSING = "admin_unit_missing"
    ADMIN_UNIT_REFUSED = "admin_unit_refused"
    LICENCE_INVALID = "licence_invalid"
    LICENCES_EXHAUSTED = "licences_exhausted"
    QUOTA_EXCEEDED = "quota_exceeded"
    CONSENT_MISSING = "consent_missing"
    CREDENTIALS_INVALID = "credentials_invalid"
    PRIVILEGED_ACCOUNT = "privileged_account"
    SYNCHRONISED_ACCOUNT = "synchronised_account"
    GUEST_ACCOUNT = "guest_account"
    ROLES_UNREADABLE = "roles_unreadable"
    NO_CONTACT_ADDRESS = "no_contact_address"
    MAIL_REFUSED = "mail_refused"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_UNREADABLE = "credential_unreadable"
    CREDENTIAL_REPLACED = "credential_replaced"
    GUARD_PARKED = "guard_parked"
    GUARD_REJECTED = "guard_rejected"
    TENANT_UNUSABLE = "tenant_unusable"
    DRY_RUN = "dry_run"  # the cause of a wait; no failure has it
    UNREADABLE_RECORD = "unreadable_record"
    UNEXPECTED_ANSWER = "unexpected_answer"


class Scope(StrEnum):
    """Who is affected by a refusal, and so must wait."""

    STUDENT = "student"  # this student alone
    RESOURCE = "resource"  # everyone whose call names the same thing: a group, a licence, a kind of look-up
    OPERATION = "operation"  # everyone for whom the same is to be done: an account created, in whatever unit
    TENANT = "tenant"  # every student of the tenant at this service: token, consent


class Fault(Exception):
    """Anything that went wrong in a way this service knows. `str()` of it is safe to show to people and to log.

    `service`: which service refused, where that is another one than the step's own.
    """

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id: str | None = None
        self.service: str | None = None


class RetryLater(Fault):
    """Nothing happened; the same request may be sent again, not before `after` seconds (None: the caller's back-off)."""

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.PROVIDER_UNAVAILABLE,
        after: float | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.reason = reason
        self.after = after


class Throttled(RetryLater):
    """Rate limited. `after` seconds (None: the vendor did not say) hold for the tenant's whole service."""

    def __init__(self, message: str, *, after: float | None = None, code: str | None = None) -> None:
        super().__init__(message, reason=Reason.THROTTLED, after=after, code=code)


def not_known_yet(message: str, left: timedelta) -> RetryLater:
    """For `left`, what became of an earlier attempt can't be known: it may be carried out yet, or replicas may hide it."""
    return RetryLater(message, reason=Reason.OUTCOME_UNKNOWN, after=left.total_seconds())


class OnHold(RetryLater):
    """The call was not started: a hold that an earlier call caused is still active. `reason` and `code` are that hold's."""


class Unavailable(RetryLater):
    """A dependency could not be reached (definitely not sent), or refused for now."""


class NotYet(RetryLater):
    """The answer may be due to replicas that lag behind an earlier write. Bounded: one that stays becomes a hold for `reason`."""

    def __init__(self, message: str, *, reason: Reason = Reason.ACCOUNT_MISSING, code: str | None = None) -> None:
        super().__init__(message, reason=reason, code=code)


class OutcomeUnknown(Fault):
    """Bytes left, and no trustworthy answer came: timeout, reset, 5xx, garbage. Never failed, never done."""

    reason = Reason.OUTCOME_UNKNOWN


class GiveUp(Fault):
    """Final for this student: the vendor understood the request and will always refuse it."""

    def __init__(self, message: str, *, reason: Reason, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.reason = reason


class AddressTaken(GiveUp):
    """The address definitely belongs to an object. Does not say whose it is."""

    def __init__(self, message: str = "The address is taken.") -> None:
        super().__init__(message, reason=Reason.ACCOUNT_CONFLICT)


class Hold(Fault):
    """Waits for a person; retried automatically, so that work continues once the cause is removed. `scope` says who waits.

    A refusal that no table knows has the reason UNEXPECTED_ANSWER and the scope STUDENT: it is never final. If several students of a
    tenant get the same one, it is treated as the institution's.
    """

    def __init__(self, message: str, *, reason: Reason, scope: Scope = Scope.STUDENT, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.reason = reason
        self.scope = scope


class Superseded(Fault):
    """A newer event was accepted while this one was in work. Nothing was started; the student is due at once."""


class Fenced(Fault):
    """A newer epoch owns this lease, partition or relay. The caller stops at once and writes nothing more."""


class Stop(Fault):
    """The process cannot continue. Shown to the operator; exit status 1."""
