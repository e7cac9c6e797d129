"""A standby follows its primary and takes its place; a URL with both leads to whichever accepts writes."""

from pathlib import Path

import psycopg
import pytest

from testbed.parts.pair import PostgresPair


@pytest.mark.parts
def test_what_was_committed_is_there_after_a_failover(folder_open_to_all: Path) -> None:
    with PostgresPair(folder_open_to_all / "pair") as pair:
        with psycopg.connect(pair.url("postgres")) as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        pair.fail_over()
        with psycopg.connect(pair.url("postgres")) as session:
            assert session.execute("SELECT answer FROM kept").fetchone() == (42,)
            session.execute("INSERT INTO kept VALUES (43)")
