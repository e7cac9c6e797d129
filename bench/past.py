"""A ledger with a past: what one student's settled event has left in each table, many times over."""

from sqlalchemy import Engine, Table, func, select

from consumer.ledger.tables import account, address, inbox, metadata, outbox, step, student

TABLES = (inbox, student, address, account, step, outbox)
"""Those that keep something of every student."""

_OF_A_STUDENT = {"student_id", "address", "object_id"}


def multiply(engine: Engine, times: int) -> int:
    """Copies everything `times` over, each copy a student's of its own, and vacuums; returns how many rows there are now."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        for table in TABLES:
            connection.exec_driver_sql(_copies(table), {"times": times})
        connection.exec_driver_sql(f"VACUUM ANALYZE {', '.join(table.name for table in metadata.sorted_tables)}")
        return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES)


def _copies(table: Table) -> str:
    names = [column.name for column in table.columns if not column.identity]
    values = ", ".join(_copy(table, name) for name in names)
    copies = "generate_series(1, %(times)s) AS copies(number)"
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} CROSS JOIN {copies}"  # noqa: S608  names of our own


def _copy(table: Table, column: str) -> str:
    if table is outbox and column == "event_id":
        return "gen_random_uuid()"
    if column in _OF_A_STUDENT or (table is inbox and column == "event_id"):
        return f"{column} || '-' || copies.number"
    return column
