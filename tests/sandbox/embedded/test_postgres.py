import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sandbox.embedded.postgres import EmbeddedPostgres


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL may enter even where the tests run as root (pytest's own folders are closed to others)."""
    home = Path(tempfile.mkdtemp(prefix="provisioner-test-"))
    home.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)
    yield home / "postgres"
    shutil.rmtree(home)


@pytest.mark.parts
def test_a_crash_loses_nothing_that_was_committed(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        url = server.url
        server.kill()
        server.start()
        assert server.url == url
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.parts
def test_data_in_a_named_folder_outlive_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, durable=True) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with EmbeddedPostgres(home, durable=True) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.parts
def test_names_of_every_script_keep_their_letters(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT lower('ΕΛΈΝΗ Ġużè'), length('Nguyễn')").fetchone() == ("ελένη ġużè", 6)
