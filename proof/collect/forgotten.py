"""A history whose ledger has forgotten a part of what it once had: a backup was restored, or a standby that lagged took over."""

from collections.abc import Sequence
from dataclasses import replace

from proof.history import History, OutboxRow


def forgotten(history: History, at: float) -> History:
    """To be judged by all invariants but those over the ledger's changes, of which it lacks a part. `at`: since when, in Unix seconds."""
    ledger = replace(history.ledger, outbox=_renumbered(history))
    return replace(history, changes=(), ledger=ledger, forgot_at=at)


def _renumbered(history: History) -> Sequence[OutboxRow]:
    """The outbox in the order of the topics: what the ledger reads back from them it numbers anew."""
    places = {
        str(one.outcome.event_id): number
        for number, one in enumerate(sorted(history.published, key=lambda one: one.place))
    }
    return [replace(row, seq=places.get(row.event_id, row.seq)) for row in history.ledger.outbox]
