"""What a PostgreSQL server on this machine has done so far, for all its clients."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from consumer.ledger.tables import metadata

_ASK = """
    SELECT pg_backend_pid(), pg_current_wal_lsn() - '0/0'::pg_lsn,
           (SELECT sum(xact_commit) FROM pg_stat_database)
"""
_SIZES = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)"
_PARENT, _TIMES = 1, slice(11, 15)
"""Of what follows the name in `/proc/<pid>/stat` (proc(5)): the parent, and the ticks of the process and of its children that have
ended."""


@dataclass(frozen=True, slots=True)
class DatabaseWork:
    """`cpu` in seconds over all processes of the server, None where the system does not tell; `wal` and `sizes` (by table) in bytes."""

    cpu: float | None
    transactions: int
    wal: int
    sizes: Mapping[str, int]

    @classmethod
    def now(cls, url: str) -> Self:
        """Opens a session for it."""
        with psycopg.connect(url) as session:
            found = session.execute(_ASK).fetchone()
            tables = [table.name for table in metadata.sorted_tables]
            sizes = dict(session.execute(_SIZES, [tables]).fetchall())
            assert found is not None
            backend, wal, transactions = found
            return cls(_cpu(backend), int(transactions), int(wal), sizes)

    def since(self, before: Self) -> Self:
        """What was done in between."""
        cpu = None if self.cpu is None or before.cpu is None else self.cpu - before.cpu
        grown = {table: size - before.sizes.get(table, 0) for table, size in self.sizes.items()}
        return type(self)(cpu, self.transactions - before.transactions, self.wal - before.wal, grown)


def _cpu(backend: int) -> float | None:
    if not Path(f"/proc/{backend}/stat").exists():
        return None
    server = int(_stat(backend)[_PARENT])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    own = sum(map(int, _stat(server)[_TIMES]))
    live = sum(sum(map(int, _stat(int(child))[_TIMES])) for child in children)
    return (own + live) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Nothing of a process that has ended meanwhile: its time is among its parent's."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * _TIMES.stop
