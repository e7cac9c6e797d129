"""Which of the outbox's rows may be published now, so that nothing overtakes what can't be, where both are about the same student."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from consumer.ledger.port.outbox import OutboxRow
from consumer.ledger.unreadable import Unreadable, a_list, a_text, read


class Sorted:
    """Rows in their order: those that may be published now, those that can't be read, and what must not overtake either those or a row
    that another transaction has locked."""

    def __init__(self, rows: Iterable[Row[Any]]) -> None:
        self.readable: list[tuple[Row[Any], OutboxRow]] = []
        self.unreadable: list[Row[Any]] = []
        self.places: list[str] = []
        self.behind: list[Row[Any]] = []
        self.blocked: set[bytes] = set()
        self.locked: set[bytes] = set()
        for row in rows:
            self._add(row)

    def _add(self, row: Row[Any]) -> None:
        key = bytes(row.key)
        if key in self.blocked or key in self.locked:
            self.behind.append(row)
        elif not getattr(row, "free", True):
            self.locked.add(key)
        else:
            try:
                self.readable.append((row, _row(row)))
            except Unreadable as fault:
                self.unreadable.append(row)
                self.places.append(fault.place)
                self.blocked.add(key)


def _row(row: Row[Any]) -> OutboxRow:
    return OutboxRow(row.topic, bytes(row.key), bytes(row.value), read("outbox.headers", _headers, row.headers))


def _headers(pairs: Any) -> tuple[tuple[str, bytes], ...]:  # noqa: ANN401  whatever JSON holds
    return tuple((a_text(name), a_text(value).encode()) for name, value in a_list(pairs))
