"""I24: while a tenant is in dry run, nothing is changed for it at any vendor, and no mail is sent."""

from collections.abc import Iterator

from consumer.events import AccountPlanned
from proof.checker.index import Index
from proof.checker.report import Violation
from proof.history import WRITES


def kept(index: Index) -> Iterator[Violation]:
    """I24: by whose credential each call bore, since tenants may share a directory."""
    until = index.history.dry_runs
    for call in index.history.calls:
        tenant_id = call.credential_of or call.tenant_id or ""
        if (
            tenant_id in until
            and call.operation in WRITES
            and call.began < until[tenant_id] - index.history.bounds.clocks
        ):
            yield Violation("I24", tenant_id, f"call {call.number} ({call.operation}) was made in dry run")


def looked_at(index: Index) -> int:
    """How many plans were published."""
    return sum(isinstance(one.outcome, AccountPlanned) for one in index.history.published)
