"""The tree of faults, by what the caller must do about them.

    Fault
    ├── RetryLater            nothing happened; the same request may be sent again
    │   ├── Throttled         the vendor asks for time: the whole tenant waits, on every replica
    │   ├── Unavailable       could not be reached, or said that it can't now
    │   └── NotYet            the vendor's replicas have not caught up with an earlier write
    ├── OutcomeUnknown        the request may or may not have been carried out; neither failed nor done
    ├── GiveUp                final for this student: trying again would get the same answer
    │   └── AddressTaken      definite: the address belongs to somebody; whose it is must be looked up
    ├── Hold                  waits for a person: a conflict, missing consent, no licences left
    ├── Fenced                somebody else owns the work now: drop it without a word
    └── Stop                  the process can't go on: its configuration or its store is not what it must be

No text of a fault holds a name, an address, an e-mail or a secret: texts end in logs and in outcome events.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why an account could not be provisioned; the closed set that `account-provisioning-failed` publishes."""

    THROTTLED = "throttled"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    ADDRESS_EXHAUSTED = "address_exhausted"
    ACCOUNT_CONFLICT = "account_conflict"
    ACCOUNT_MISSING = "account_missing"
    INVALID_PROFILE = "invalid_profile"
    DOMAIN_NOT_VERIFIED = "domain_not_verified"
    ORG_UNIT_MISSING = "org_unit_missing"
    GROUP_MISSING = "group_missing"
    LICENCE_INVALID = "licence_invalid"
    LICENCES_EXHAUSTED = "licences_exhausted"
    QUOTA_EXCEEDED = "quota_exceeded"
    CONSENT_MISSING = "consent_missing"
    CREDENTIALS_INVALID = "credentials_invalid"
    PRIVILEGED_ACCOUNT = "privileged_account"
    NO_CONTACT_ADDRESS = "no_contact_address"
    MAIL_REFUSED = "mail_refused"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_UNREADABLE = "credential_unreadable"
    UNEXPECTED_ANSWER = "unexpected_answer"


class Fault(Exception):
    """Anything that went wrong in a way this service knows. `str()` of it is safe to show to people and to log."""


class RetryLater(Fault):
    """Nothing happened; the same request may be sent again, not before `after` seconds (None: the caller's back-off)."""

    def __init__(
        self, message: str, *, reason: Reason = Reason.PROVIDER_UNAVAILABLE, after: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.after = after


class Throttled(RetryLater):
    """The vendor asks for time. `after` seconds (None: it did not say) hold for the tenant's whole service."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message, reason=Reason.THROTTLED, after=after)


class Unavailable(RetryLater):
    """A dependency could not be reached (definitely not sent), or refused for now."""


class NotYet(RetryLater):
    """An object this service wrote is not visible to the vendor's own replicas yet."""


class OutcomeUnknown(Fault):
    """Bytes left, and no trustworthy answer came: timeout, reset, 5xx, garbage. Never failed, never done."""

    reason = Reason.OUTCOME_UNKNOWN


class GiveUp(Fault):
    """Final for this student: the vendor understood the request and will always refuse it."""

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class AddressTaken(GiveUp):
    """The address definitely belongs to some object. Says nothing about whose it is."""

    def __init__(self, message: str = "The address is taken.") -> None:
        super().__init__(message, reason=Reason.ACCOUNT_CONFLICT)


class Hold(Fault):
    """Waits for a person. With `whole_tenant`, every student of the tenant at this provider would meet the same answer."""

    def __init__(self, message: str, *, reason: Reason, whole_tenant: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.whole_tenant = whole_tenant


class Fenced(Fault):
    """A newer epoch owns this lease, partition or relay. The caller stops at once and writes nothing more."""


class Stop(Fault):
    """The process can't go on. Shown to the operator; exit status 1."""
