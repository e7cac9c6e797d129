"""The comparison of one student's account as the ledger has it with what the directory shows. Pure."""

from collections.abc import Iterator, Sequence

from consumer.events import Provider
from consumer.ledger.port.reconciliation import Expected, Listed
from consumer.reconcile.finding import Finding, Kind


def differences(expected: Expected, listed: Sequence[Listed]) -> Iterator[Finding]:
    """How the student's account differs. `listed` are the accounts with its object id, and those with its marker."""

    def finding(kind: Kind, one: Listed | None) -> Finding:
        return Finding(expected.provider, kind, expected.student_id, one.object_id if one else expected.object_id)

    own = next((one for one in listed if one.object_id == expected.object_id), None)
    others = [one for one in listed if one.marker == expected.marker and not one.deleted and one is not own]
    if expected.object_id is None:
        kind = Kind.UNLINKED if len(others) == 1 else Kind.DUPLICATED
        yield from (finding(kind, one) for one in others)
        return
    if own is None:
        yield finding(Kind.MISSING, None)
    elif own.deleted:
        yield finding(Kind.DELETED, own)
    else:
        yield from (finding(kind, own) for kind in _changed(expected, own))
    yield from (finding(Kind.DUPLICATED, one) for one in others)


def _changed(expected: Expected, own: Listed) -> Iterator[Kind]:
    if own.marker is None:
        yield Kind.UNMARKED
    elif own.marker != expected.marker:
        yield Kind.REMARKED
    if own.synchronised:
        yield Kind.SYNCHRONISED
    if own.address != expected.address:
        yield Kind.RENAMED
    if own.enabled is not expected.open:
        yield Kind.ENABLED if own.enabled else Kind.DISABLED
    if _shows_licences(expected) and own.licences is not None and not expected.licences <= own.licences:
        yield Kind.STRIPPED
    if not expected.groups <= own.groups:
        yield Kind.LEFT_GROUP
    if expected.org_unit is not None and own.org_unit not in {None, expected.org_unit}:
        yield Kind.MOVED


def _shows_licences(expected: Expected) -> bool:
    """At Google, "if the userId is suspended, the license status changes" (its License Manager's reference): of open accounts only."""
    return expected.open or expected.provider is not Provider.GOOGLE
