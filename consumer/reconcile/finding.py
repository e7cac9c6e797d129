"""What a reconciliation finds, as a closed set, and which of it provisioning can set right. Pure.

kind           the account …                                                     with `--repair`
missing        is neither in the directory nor among those that can be restored  a person: it is not created anew
deleted        was deleted by people, and can be restored                        restored
disabled       was blocked by people                                             a person: it may be on purpose
enabled        can sign in although this service has suspended it                suspended again
stripped       lacks licences that this service gave                             given again, as far as the rules still do
left_group     lacks memberships, groups or a unit, that this service gave      given again, likewise
renamed        has another address                                               a person
moved          is in another organisational unit (Google)                        moved back, as the rules say now
unmarked       has lost its marker                                               a person: it may be on purpose
remarked       carries another marker                                            a person
synchronised   is written from a directory on premises                           a person
duplicated     is another one with the marker of a student who has an account    a person
unlinked       carries the marker of a student whose account the ledger lacks    taken as the student's, if it may be
unknown        carries a marker of ours, and the ledger has no such student      a person
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from consumer.events import Provider


class Kind(StrEnum):
    """How an account differs; a label of `provisioner_reconciliation_findings`."""

    MISSING = "missing"
    DELETED = "deleted"
    DISABLED = "disabled"
    ENABLED = "enabled"
    STRIPPED = "stripped"
    LEFT_GROUP = "left_group"
    RENAMED = "renamed"
    MOVED = "moved"
    UNMARKED = "unmarked"
    REMARKED = "remarked"
    SYNCHRONISED = "synchronised"
    DUPLICATED = "duplicated"
    UNLINKED = "unlinked"
    UNKNOWN = "unknown"


_OF_OPEN = frozenset({Kind.DELETED, Kind.STRIPPED, Kind.LEFT_GROUP, Kind.MOVED, Kind.UNLINKED})
_OF_CLOSED = frozenset({Kind.ENABLED, Kind.UNLINKED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. Without `student_id`, the ledger knows no student of the account; without `object_id`, there is no account."""

    provider: Provider
    kind: Kind
    student_id: str | None
    object_id: str | None


def repairable(kinds: Collection[Kind], *, wants_account: bool | None) -> bool:
    """Whether provisioning can set right all that was found of one student's account: one thing for a person leaves the others as well.

    `wants_account`: whether the newest event wants the student to be able to sign in; None: it wants nothing.
    """
    if wants_account is None or not kinds:
        return False
    return set(kinds) <= (_OF_OPEN if wants_account else _OF_CLOSED)
