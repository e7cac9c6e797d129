"""Whether a run proves anything: enough happened, the faults that were ordered came, and everything in it is understood."""

from collections.abc import Iterator

from consumer.codec.dead_letters import DeadLetterReason
from proof.checker.dispositions import KEPT, at
from proof.checker.index import Index
from proof.history import Operation

_REASONS = frozenset(DeadLetterReason)
_TABLES = frozenset(
    {
        "student",
        "step",
        "account",
        "credential",
        "tenant_wait",
        "partition_epoch",
        "student_wait",
        "inbox",
        "address",
        "outbox",
        "relay",
    }
)


def reasons_against(index: Index, effects: int) -> Iterator[str]:
    """Why the run is invalid, and so not passed whatever else is found."""
    history = index.history
    if effects < history.bounds.least_effects:
        yield f"{effects} effects are too few; {history.bounds.least_effects} are the least"
    if history.faults and not any(history.faults.values()):
        yield "no fault fired, though some were ordered"
    yield from (f"unclassified: {what}" for what in history.unclassified)
    yield from (
        f"call {call.number} is of an unclassified route"
        for call in history.calls
        if call.operation is Operation.UNKNOWN
    )
    for row in history.ledger.inbox:
        if row.disposition not in KEPT:
            yield f"the disposition of {at(row.place)} is not known: {row.disposition}"
    for dead_letter in history.dead_letters:
        if dead_letter.reason not in _REASONS:
            yield f"the reason of dead letter {at(dead_letter.place)} is not known: {dead_letter.reason}"
    for table in sorted(index.changes.keys() - _TABLES):
        yield f"changes of a table that is not known: {table}"
    sent = {call.detail for call in history.calls if call.operation is Operation.SEND and call.effective}
    for number, mail in enumerate(history.mails):
        if mail.message_id not in sent:
            yield f"mail {number} is in the mailbox, and no call sent it"
