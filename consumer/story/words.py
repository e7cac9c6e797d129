"""Names of what the ledger stores, as people read them."""

from collections.abc import Mapping
from itertools import pairwise

from consumer.events import ProviderAction, StepName
from consumer.ledger.acts import ActKind
from consumer.ledger.port.student import StepState

ACTIONS: Mapping[str, str] = {
    ProviderAction.CREATE_ACCOUNT: "create the account",
    ProviderAction.UPDATE_ACCOUNT: "update the account",
    ProviderAction.SUSPEND_ACCOUNT: "suspend the account",
    ProviderAction.DELETE_ACCOUNT: "suspend the account, and delete it later",
    ProviderAction.RELEASE_ACCOUNT: "hand the account to the institution",
}
STEPS: Mapping[str, str] = {
    StepName.ADDRESS: "reserve an address",
    StepName.CREATE: "create the account",
    StepName.LICENCES: "assign licences",
    StepName.GROUPS: "add to groups",
    StepName.ADMIN_UNIT: "put into the administrative unit",
    StepName.SUSPEND: "block the sign-in",
    StepName.REACTIVATE: "open the sign-in",
    StepName.SESSIONS: "end the sessions",
    StepName.UNIT: "move to the unit",
    StepName.DELETE: "delete the account",
    StepName.RELEASE: "remove the marker",
    StepName.RENAME: "give the account another address",
    StepName.PROFILE: "update names and language",
    StepName.PASSWORD: "replace the password",
    StepName.WELCOME: "send the welcome mail",
    StepName.NOTICE: "announce the deletion",
}
STATES: Mapping[str, str] = {
    StepState.STARTED: "in progress",
    StepState.DONE: "done",
    StepState.FAILED: "refused for good",
    StepState.HELD: "refused; a person must act",
    StepState.RETRYABLE: "not carried out; tried again",
    StepState.UNKNOWN: "outcome unknown",
}
ACTS: Mapping[str, str] = {
    ActKind.GUARD_APPROVED: "approved what the guard had parked",
    ActKind.GUARD_REJECTED: "rejected what the guard had parked",
    ActKind.TENANT_RESUMED: "ended the school's waits",
    ActKind.STUDENT_RETRIED: "had the student tried again",
    ActKind.HOLDS_RELEASED: "had all who were held for one reason tried again",
    ActKind.ACCOUNTS_ADOPTED: "adopted accounts for students",
    ActKind.DIFFERENCES_REPAIRED: "had a reconciliation set right what it may",
    ActKind.LETTERS_REPLAYED: "sent dead letters in again",
}
"""Each complete: a test holds them so."""

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def age(seconds: float) -> str:
    """In its two largest units, such as `3 h 5 min`."""
    whole = max(0, int(seconds))
    for (unit, length), (lesser, part) in pairwise(_UNITS):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{whole} s"
