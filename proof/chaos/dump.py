"""The ledger as it stands in the database, and every change that the database has seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from sqlalchemy import DateTime, LargeBinary

from consumer.events import Provider
from consumer.ledger.tables import metadata
from proof.history import AccountRow, Change, InboxRow, Ledger, OutboxRow, StepRow, StudentRow

_INBOX = "SELECT topic, partition, kafka_offset, tenant_id, event_id, student_id, version, disposition FROM inbox"
_STUDENTS = "SELECT tenant_id, student_id, desired_version, settled_version, applied_version, due_at IS NOT NULL AS due FROM student"
_ACCOUNTS = "SELECT tenant_id, student_id, provider, object_id, address, marker, generation, settled_version, state FROM account"
_STEPS = "SELECT tenant_id, student_id, provider, name, state, version, reason FROM step"
_OUTBOX = """
    SELECT event_id::text, topic, key, seq, coalesce(batch <= (SELECT max(published) FROM relay), false) AS published
    FROM outbox ORDER BY seq
"""

_WITHOUT_NAMES = (
    "attempt",
    "student_wait",
    "tenant_wait",
    "guarded_action",
    "operator_act",
    "leader",
    "tenant_configuration",
)

_TIMES, _BYTES = (
    {
        table.name: [column.name for column in table.columns if isinstance(column.type, kind)]
        for table in metadata.sorted_tables
    }
    for kind in (DateTime, LargeBinary)
)


def ledger(database: str) -> Ledger:
    """The tables. Blocking."""
    with psycopg.connect(database) as connection, connection.cursor(row_factory=dict_row) as cursor:

        def rows(query: LiteralString) -> Sequence[dict[str, Any]]:
            return cursor.execute(query).fetchall()

        return Ledger(
            inbox=[
                InboxRow(place=(row.pop("topic"), row.pop("partition"), row.pop("kafka_offset")), **row)
                for row in rows(_INBOX)
            ],
            students=[StudentRow(**row) for row in rows(_STUDENTS)],
            accounts=[AccountRow(provider=Provider(row.pop("provider")), **row) for row in rows(_ACCOUNTS)],
            steps=[StepRow(provider=Provider(row.pop("provider")), **row) for row in rows(_STEPS)],
            outbox=[OutboxRow(**row) for row in rows(_OUTBOX)],
            credentials=rows("SELECT count(*) AS n FROM credential")[0]["n"],
        )


def without_names(database: str) -> Mapping[str, str]:
    """The tables of the ledger that are to hold nothing of a person, a line for each row, by `table` and its name. Blocking."""
    with psycopg.connect(database) as connection:
        return {
            f"table {table}": "\n".join(
                row
                for (row,) in connection.execute(
                    SQL("SELECT to_jsonb(one)::text FROM {} AS one").format(Identifier(table))
                )
            )
            for table in _WITHOUT_NAMES
        }


def changes(database: str) -> Sequence[Change]:
    """What the triggers of `Installation` wrote down. A row that was deleted says so: its `gone` is true. Blocking."""
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT number, at, name, gone, line FROM proof_change ORDER BY number")
        return [
            Change(number, at, name, {**_typed(name, line), "gone": gone}) for number, at, name, gone, line in found
        ]


def _typed(table: str, line: dict[str, Any]) -> dict[str, Any]:
    """A row read from JSON, with the types that JSON lacks restored. One of before a migration lacks what came with it."""
    for name in _TIMES[table]:
        if line.get(name) is not None:
            line[name] = datetime.fromisoformat(line[name]).timestamp()
    for name in _BYTES[table]:
        if name in line:
            line[name] = bytes.fromhex(line[name].removeprefix("\\x"))
    return line
