"""Sealed passwords as they lie in the database: counted by key, and wrapped anew when a key is rotated."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from consumer.errors import Hold
from consumer.events import Provider
from consumer.ledger.engine import transaction
from consumer.ledger.unreadable import Unreadable, read
from consumer.ledger.vault import Context, Vault

# The key's id as it stands in what it sealed: see the vault's form.
_KEY_ID = "encode(substring(sealed FROM 3 FOR get_byte(sealed, 1)), 'escape')"
_KEYS = text(f"SELECT {_KEY_ID} AS key_id, count(*) AS sealed FROM credential WHERE length(sealed) > 2 GROUP BY 1")  # noqa: S608  ours

# What a worker is about to destroy is skipped: so there is no deadlock.
_OTHERS = text(
    f"""
    SELECT tenant_id, student_id, provider, generation, sealed FROM credential
    WHERE (tenant_id, student_id, provider, generation) > (:tenant, :student, :provider, :generation)
      AND (length(sealed) <= 2 OR {_KEY_ID} <> :newest)
    ORDER BY tenant_id, student_id, provider, generation LIMIT :limit FOR UPDATE SKIP LOCKED
    """  # noqa: S608  ours
)
_REPLACE = text(
    """
    UPDATE credential SET sealed = :sealed
    WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider AND generation = :generation
    """
)

_FIRST: Mapping[str, Any] = {"tenant": "", "student": "", "provider": "", "generation": -1}


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """One batch: how many were wrapped anew, and why others could not be, with their number."""

    done: int
    closed: Mapping[str, int] = field(default_factory=dict[str, int])


class Credentials:
    """All sealed passwords of the ledger. Blocking; every method may raise `Unavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_key(self) -> Mapping[str, int]:
        """How many passwords each key seals, by the keys' ids."""
        with transaction(self._engine) as connection:
            return {row.key_id: row.sealed for row in connection.execute(_KEYS)}

    def rewrap(self, vault: Vault, *, batch: int) -> Iterator[Rewrapped]:
        """Wraps with the vault's first key what other keys wrap, in transactions of at most `batch` passwords.

        Stopping in between loses nothing; it may be started again. What cannot be opened stays as it is; so does what another process
        is just writing: `by_key` tells whether another round is due.
        """
        after = dict(_FIRST)
        while True:
            with transaction(self._engine) as connection:
                rows = connection.execute(_OTHERS, after | {"newest": vault.sealing, "limit": batch}).all()
                rewrapped = _rewrap(connection, vault, rows)
            if not rows:
                return
            after = _place(rows[-1])
            yield rewrapped


def _rewrap(connection: Connection, vault: Vault, rows: Sequence[Row[Any]]) -> Rewrapped:
    anew: list[dict[str, Any]] = []
    closed: Counter[str] = Counter()
    for row in rows:
        try:
            provider = read("credential.provider", Provider, row.provider)
            context = Context(row.tenant_id, row.student_id, provider, row.generation)
            anew.append(_place(row) | {"sealed": vault.rewrap(bytes(row.sealed), context)})
        except (Hold, Unreadable) as fault:
            closed[str(fault)] += 1
    if anew:
        connection.execute(_REPLACE, anew)
    return Rewrapped(len(anew), closed)


def _place(row: Row[Any]) -> dict[str, Any]:
    return {
        "tenant": row.tenant_id,
        "student": row.student_id,
        "provider": row.provider,
        "generation": row.generation,
    }
