"""Where the ledger is: `database.url`, read once by libpq's own parser. Every session of the service is opened by what comes of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import unquote

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from consumer.errors import Stop
from consumer.secrets import SecretOpener
from consumer.settings import DatabaseSettings, Pooler

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
"""libpq's two, and the name by which SQLAlchemy knows the driver that is used."""

_SECRETS = frozenset({"scram_client_key", "scram_server_key"})
"""Besides the parameters that libpq itself marks as passwords."""

_DEFAULTS: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""A server that vanishes is noticed within 25 s. What the URL says instead holds."""

_OTHER = "must be PostgreSQL: `postgresql://user@host:port/database`"
_UNREADABLE = (
    "cannot be read by libpq; special characters in its parts are written percent-encoded, such as `%40` for `@`"
)
_WHOLE_NUMBERS = (*_DEFAULTS, "keepalives")
_NOWHERE = "/nonexistent"
_UNKNOWN_PARAMETER = re.compile(r'invalid (?:URI query parameter|connection option):? "([^"]*)"')
_HOST_WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*):(?P<port>\d*)")
_SET_BY_OPTIONS = re.compile(r"(?:^|\s)(?:-c\s*|--)([A-Za-z_][A-Za-z0-9_.-]*)=")
_IS_DIRECT = "SELECT pg_backend_pid() = %s"


@dataclass(frozen=True, slots=True)
class Dsn:
    """A database and how to connect to it: libpq's parameters by name, and the password, which is shown nowhere."""

    parameters: Mapping[str, str]
    password: str | None = field(default=None, repr=False)
    pooler: Pooler = "auto"

    @classmethod
    def parse(cls, url: str, *, password: str | None = None, pooler: Pooler = "auto") -> Self:
        """Reads whatever libpq reads, and SQLAlchemy's form for several hosts (`?host=a:5432&host=b:5433`).

        Nothing connects. Raises ValueError with a text that quotes no secret; a URL that holds a password is such an error.
        """
        parameters = _parameters(url)
        _check_addresses(parameters)
        _check_values(parameters)
        return cls(MappingProxyType({**_DEFAULTS, **parameters}), password or None, pooler)

    @classmethod
    def of(cls, settings: DatabaseSettings, open_secret: SecretOpener) -> Self:
        """The configured database. Raises `Stop` where the URL can't be used, or the password can't be opened."""
        password = open_secret(settings.password) if settings.password else None
        try:
            return cls.parse(settings.url, password=password, pooler=settings.pooler)
        except ValueError as error:
            raise Stop(f"`database.url` {error}.") from error

    def arguments(self, name: str) -> dict[str, Any]:
        """What `psycopg.connect` takes. `name` tells the server who we are, where the URL does not."""
        password = {"password": self.password} if self.password else {}
        return {"application_name": name, **self.parameters, **password}

    def connect(self, name: str) -> psycopg.Connection:
        """A session outside the pool, in autocommit. Raises `psycopg.Error`."""
        return psycopg.connect(autocommit=True, **self.arguments(name))

    @property
    def own_settings(self) -> frozenset[str]:
        """Names of the server's settings that the URL's `options` give."""
        names = _SET_BY_OPTIONS.findall(self.parameters.get("options", ""))
        return frozenset(name.replace("-", "_").lower() for name in names)

    def shared(self, session: psycopg.Connection) -> bool:
        """Whether a pooler may give this session another server connection for each transaction.

        Poolers make up the process number with which a client would cancel a query, so it is not that of the server's process; one whose
        number is the server's own is direct. Whether a pooler keeps to one server connection can't be seen, so that must be said
        (`database.pooler`). Takes a round trip where it was not. Raises `psycopg.Error`.
        """
        if self.pooler != "auto":
            return self.pooler == "transaction"
        row = session.execute(_IS_DIRECT, (session.info.backend_pid,)).fetchone()
        return not (row and row[0])


def _parameters(url: str) -> dict[str, str]:
    scheme, separator, rest = url.strip().partition("://")
    hosts: Sequence[str] = ()
    if not scheme or (separator and scheme.lower() not in _SCHEMES):
        raise ValueError(_OTHER)
    if separator:
        if _is_split_password(rest):
            raise ValueError(_UNREADABLE)
        rest, hosts = _without_hosts(rest)
    try:
        options = pq.Conninfo.parse((f"postgresql://{rest}" if separator else url).encode())
    except psycopg.Error as error:
        # libpq's own text may quote a part of a password.
        unknown = None if "@" in rest.partition("?")[2] else _UNKNOWN_PARAMETER.search(str(error))
        if unknown:
            raise ValueError(f"has a parameter that libpq does not know: `{unknown[1]}`") from None
        raise ValueError(_UNREADABLE if separator else _OTHER) from None
    given = {option.keyword.decode(): option for option in options if option.val}
    for name, option in given.items():
        if option.dispchar == b"*" or name in _SECRETS:
            raise ValueError(_secret_in_url(name))
    parameters = {name: (option.val or b"").decode() for name, option in given.items()}
    return {**parameters, **_addresses(hosts)}


def _is_split_password(rest: str) -> bool:
    """Whether a `/` in a password ended the part with the user, so that the password counts as a port and the name of a database."""
    authority, _, path = rest.partition("?")[0].partition("/")
    return "@" not in authority and "@" in path


def _secret_in_url(name: str) -> str:
    if name == "password":
        return "holds a password; remove it, and give it by reference in `database.password`: `env:NAME` or `file:path`"
    return f"holds a secret (`{name}`), which a URL must not; remove it"


def _without_hosts(rest: str) -> tuple[str, Sequence[str]]:
    """The URL without the `host` parameters of SQLAlchemy's form, and these; as it is where they are libpq's, who keeps the last."""
    path, _, query = rest.partition("?")
    pairs = query.split("&") if query else []
    hosts = [unquote(pair.removeprefix("host=")) for pair in pairs if pair.startswith("host=")]
    if len(hosts) < 2 and not any(_HOST_WITH_PORT.fullmatch(host) for host in hosts):  # noqa: PLR2004  one, or several
        return rest, ()
    return "?".join(filter(None, (path, "&".join(pair for pair in pairs if not pair.startswith("host="))))), hosts


def _addresses(hosts: Sequence[str]) -> dict[str, str]:
    """libpq's `host` and `port` for hosts that bear their ports."""
    found = [_HOST_WITH_PORT.fullmatch(host) for host in hosts]
    if not any(found):
        return {"host": ",".join(hosts)} if hosts else {}
    names = [match["host"] if match else host for match, host in zip(found, hosts, strict=True)]
    ports = [match["port"] if match else "" for match in found]
    return {"host": ",".join(name.strip("[]") for name in names), "port": ",".join(ports)}


def _check_addresses(parameters: Mapping[str, str]) -> None:
    ports = parameters.get("port", "").split(",")
    for port in ports:
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):  # noqa: PLR2004  TCP's
            raise ValueError(f"has a port that is no number from 1 to 65535. Or it {_UNREADABLE}")
    hosts = max(len(parameters.get(name, "").split(",")) for name in ("host", "hostaddr"))
    if len(ports) not in {1, hosts}:
        raise ValueError(f"has {len(ports)} ports for {hosts} hosts; give one port for all, or each its own")


def _check_values(parameters: Mapping[str, str]) -> None:
    """Lets libpq look at the values: it does so before it connects, here to a socket that is not there."""
    for name in _WHOLE_NUMBERS:
        value = parameters.get(name)
        if value is not None and not value.removeprefix("-").isdigit():
            raise ValueError(f"has a `{name}` that is no whole number: `{value}`")
    elsewhere = {name: value for name, value in parameters.items() if name not in {"host", "hostaddr", "port"}}
    attempt = pq.PGconn.connect_start(make_conninfo("", **elsewhere, host=_NOWHERE).encode())
    try:
        said = " ".join(attempt.get_error_message().split())
        if attempt.status == pq.ConnStatus.BAD and _NOWHERE not in said:
            raise ValueError(f"has a parameter that libpq refuses: {said}")
    finally:
        attempt.finish()
