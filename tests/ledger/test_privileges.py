"""What the service's role may do with the tables: enough for every statement (all tests of the ledger run as this role), and no more."""

import re
from itertools import chain

import pytest
from sqlalchemy import Engine

from consumer.errors import Stop
from consumer.ledger.engine import open_engine, transaction
from consumer.ledger.faults import Refused
from consumer.ledger.migrations import upgrade
from consumer.ledger.privileges import PRIVILEGES, grant, grants
from consumer.ledger.tables import metadata
from testbed.installation import ROOT

SOURCES = [path.read_text() for path in (ROOT / "consumer/ledger").glob("*.py")]
USED = {
    "INSERT": re.compile(r"\bINSERT INTO (\w+)"),
    "DELETE": re.compile(r"\bDELETE FROM (\w+)"),
}


def test_every_table_has_its_privileges() -> None:
    assert PRIVILEGES.keys() == metadata.tables.keys()


@pytest.mark.parametrize("privilege", USED)
def test_none_is_given_that_no_statement_uses(privilege: str) -> None:
    used = set(chain.from_iterable(USED[privilege].findall(source) for source in SOURCES)) & metadata.tables.keys()
    assert {table for table, privileges in PRIVILEGES.items() if privilege in privileges} == used


def test_rows_are_changed_or_locked_only_where_a_statement_does_so() -> None:
    text = " ".join(" ".join(SOURCES).split())
    changed = set(re.findall(r"\bUPDATE (\w+)", text))
    inserted = re.findall(r"\bINSERT INTO (\w+)(.*?)(?=INSERT INTO|\"\"\")", text)
    changed |= {table for table, rest in inserted if "DO UPDATE" in rest}
    given = {table for table, privileges in PRIVILEGES.items() if "UPDATE" in privileges}
    assert given == changed & metadata.tables.keys()


def test_the_file_for_administrators_is_what_the_command_prints() -> None:
    lines = (ROOT / "deploy/postgres/grants.sql").read_text().splitlines()
    given = [line for line in lines if not line.startswith("--")]
    assert given == [f"{statement};" for statement in grants("provisioner")], "write it by `provisioner db grants`"


def test_a_role_s_name_is_quoted_where_it_must_be() -> None:
    assert {statement.partition(" TO ")[2] for statement in grants('o"dd')} == {'"o""dd"'}


@pytest.mark.parts
def test_the_tables_owner_gives_them_as_often_as_asked(database_url: str, service_role: str) -> None:
    owner = open_engine(database_url)
    upgrade(owner)
    for _ in range(2):
        grant(owner, service_role)
    owner.dispose()


@pytest.mark.parts
def test_a_role_that_does_not_exist_is_named(database_url: str) -> None:
    owner = open_engine(database_url)
    upgrade(owner)
    with pytest.raises(Stop, match="no role `stranger-than-that`"):
        grant(owner, "stranger-than-that")
    owner.dispose()


@pytest.mark.parts
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM student",
        "UPDATE attempt SET state = 'done'",
        "TRUNCATE outbox",
        "DROP TABLE step",
        "UPDATE alembic_version SET version_num = ''",
    ],
)
def test_the_service_is_refused_what_it_never_does(engine: Engine, statement: str) -> None:
    with pytest.raises(Refused, match=r"permission denied|must be owner"), transaction(engine) as connection:
        connection.exec_driver_sql(statement)
