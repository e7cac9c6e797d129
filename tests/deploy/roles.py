"""The database's roles as `deploy/postgres` makes them, under names that no other test has: roles belong to the whole server."""

import re
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.deploy.chart import ROOT

FOLDER = ROOT / "deploy/postgres"
_NAME = re.compile(r"\bprovisioner(_migration)?\b")


class Roles:
    """`migration` owns the tables of the database, `service` runs the service. Neither has a password."""

    def __init__(self, database_url: str, prefix: str) -> None:
        self.migration, self.service = f"{prefix}_migration", prefix
        self._database_url = database_url

    def url(self, role: str) -> str:
        """The database's, for one of them."""
        parts = urlsplit(self._database_url)
        return parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl()

    def execute(self, file: str, role: str | None = None) -> None:
        """A file of the folder, as this role, or as the administrator. Nothing of it is changed but the roles' names."""
        text = (FOLDER / file).read_text()
        renamed = _NAME.sub(
            lambda name: self.migration if name[1] else self.service, re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
        )
        with psycopg.connect(self.url(role) if role else self._database_url, autocommit=True) as connection:
            connection.execute(renamed.encode())

    def drop(self) -> None:
        """With all that they own and were given."""
        for role in (self.service, self.migration):
            name = sql.Identifier(role)
            with psycopg.connect(self._database_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
                connection.execute(sql.SQL("DROP ROLE {}").format(name))
