"""What is measured of statements, and which table each is counted for."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from consumer.errors import Unavailable
from consumer.ledger.engine import open_engine, transaction
from consumer.ledger.migrations import upgrade
from consumer.ledger.statement_times import OTHER, measure, table_of
from consumer.ledger.tables import account


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("SELECT student_id FROM student WHERE due_at < now()", "student"),
        ("INSERT INTO inbox (topic) VALUES ('x')", "inbox"),
        ("UPDATE outbox SET batch = 1", "outbox"),
        ('delete from "attempt" where ended_at < now()', "attempt"),
        ("WITH free AS (SELECT 1 FROM student FOR UPDATE) UPDATE step SET state = 'done' FROM free", "student"),
        ("SELECT pg_notify('x', '') FROM json_array_elements('[]')", OTHER),
        ("SET LOCAL lock_timeout = '5s'", OTHER),
    ],
)
def test_a_statement_counts_for_the_first_table_that_it_names(statement: str, table: str) -> None:
    assert table_of(statement) == table


@pytest.mark.parts
def test_statements_that_succeed_are_observed(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    seen: list[tuple[str, float]] = []
    measure(engine, lambda table, seconds: seen.append((table, seconds)))
    with transaction(engine) as connection:
        connection.execute(select(account))
    with pytest.raises((DBAPIError, Unavailable)), transaction(engine) as connection:
        connection.execute(text("SELECT nothing FROM student"))
    engine.dispose()
    tables = [table for table, _ in seen]
    assert tables.count("account") == 1
    assert "student" not in tables
    assert all(0 <= seconds < 60 for _, seconds in seen)
