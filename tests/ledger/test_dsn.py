"""Every form of `database.url` that libpq reads, read once; what it must not hold is refused without being quoted."""

import psycopg
import pytest

from consumer.ledger.dsn import Dsn


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgresql://u@h:5433/d", {"user": "u", "host": "h", "port": "5433", "dbname": "d"}),
        ("postgres://u@h/d", {"user": "u", "host": "h", "dbname": "d"}),
        ("postgresql+psycopg://u@h/d", {"user": "u", "host": "h", "dbname": "d"}),
        (
            "postgresql://u@a:5432,b:5433/d?target_session_attrs=read-write",
            {"user": "u", "host": "a,b", "port": "5432,5433", "dbname": "d", "target_session_attrs": "read-write"},
        ),
        ("postgresql://u@[2001:db8::1]:5433/d", {"user": "u", "host": "2001:db8::1", "port": "5433", "dbname": "d"}),
        ("postgresql:///d?host=/var/run/postgresql", {"host": "/var/run/postgresql", "dbname": "d"}),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/d", {"host": "/var/run/postgresql", "dbname": "d"}),
        ("postgresql://u@h/d?options=-c%20search_path%3Da", {"user": "u", "host": "h", "dbname": "d", "options": "-c search_path=a"}),
        ("postgresql://u%40x@h/d", {"user": "u@x", "host": "h", "dbname": "d"}),
        ("host=h port=5433 user=u dbname=d", {"user": "u", "host": "h", "port": "5433", "dbname": "d"}),
    ],
)  # fmt: skip
def test_what_libpq_reads_is_read(url: str, parameters: dict[str, str]) -> None:
    assert given(Dsn.parse(url)) == parameters


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("host=db-a:5432&host=db-b:5433", "db-a,db-b", "5432,5433"),
        ("host=db-a:5432&host=db-b", "db-a,db-b", "5432,"),
        ("host=db-a&host=db-b&port=5432,5433", "db-a,db-b", "5432,5433"),
        ("host=[::1]:5432&host=db-b:5433", "::1,db-b", "5432,5433"),
        ("host=db-a:5432", "db-a", "5432"),
    ],
)
def test_sqlalchemys_form_for_several_hosts_is_read_as_its_documentation_says(hosts: str, host: str, port: str) -> None:
    parameters = given(Dsn.parse(f"postgresql://u@/d?{hosts}&target_session_attrs=read-write"))
    assert parameters == {
        "user": "u", "dbname": "d", "host": host, "port": port, "target_session_attrs": "read-write"
    }  # fmt: skip


def given(dsn: Dsn) -> dict[str, str]:
    """The parameters without our defaults."""
    defaults = Dsn.parse("postgresql:///").parameters
    return {name: value for name, value in dsn.parameters.items() if name not in defaults}


def test_a_users_own_timeouts_and_name_hold() -> None:
    url = "postgresql://u@h/d?connect_timeout=30&tcp_user_timeout=1&application_name=mine&sslmode=verify-full"
    arguments = Dsn.parse(url).arguments("ours")
    assert [arguments[name] for name in ("connect_timeout", "tcp_user_timeout", "application_name", "sslmode")] == [
        "30", "1", "mine", "verify-full"
    ]  # fmt: skip
    assert arguments["keepalives_idle"] == "10"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("-c statement_timeout=60s", {"statement_timeout"}),
        ("-cstatement_timeout=60s --lock-timeout=1s", {"statement_timeout", "lock_timeout"}),
        ("-c geqo=off -c search_path=a,b", {"geqo", "search_path"}),
    ],
)
def test_settings_of_a_users_own_options_are_known(options: str, names: set[str]) -> None:
    assert Dsn.parse(f"host=h options='{options}'").own_settings == names


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@h/d",
        "postgresql://u@h/d?password=hunter2",
        "host=h password=hunter2",
        "postgresql://u@h/d?sslpassword=hunter2",
        "postgresql://u@h/d?oauth_client_secret=hunter2",
        "postgresql://u@h/d?scram_client_key=hunter2",
        "postgresql://u:hunter2/x@h/d",
        "postgresql://u:12hunter2/x@h/d",
        "postgresql://u:12/hunter2@h/d",
        "postgresql://u:hunter2?x=y@h/d",
        "postgresql://u:hunter%zz2@h/d",
        "postgresql://u:hunter 2@h/d",
        "postgresql://u:a@hunter2@h/d",
    ],
)
def test_a_secret_in_the_url_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"holds a|cannot be read") as refusal:
        Dsn.parse(url)
    assert "hunter" not in str(refusal.value)


def test_the_advice_names_where_the_password_belongs() -> None:
    with pytest.raises(ValueError, match=r"`database\.password`: `env:NAME` or `file:path`"):
        Dsn.parse("postgresql://u:p@h/d")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///x", "must be PostgreSQL"),
        ("mysql://u@h/d", "must be PostgreSQL"),
        ("postgresql+asyncpg://u@h/d", "must be PostgreSQL"),
        ("nonsense", "must be PostgreSQL"),
        ("", "must be PostgreSQL"),
        ("postgresql://u@h:port/d", "port"),
        ("postgresql://u@h:65536/d", "port"),
        ("postgresql://u@a,b,c/d?port=1,2", "2 ports for 3 hosts"),
        ("postgresql://u@h/d?nope=1", "does not know: `nope`"),
        ("postgresql://u@h/d?sslmode=sure", "invalid sslmode value"),
        ("postgresql://u@a,b/d?target_session_attrs=rw", "invalid target_session_attrs value"),
        ("postgresql://u@h/d?connect_timeout=soon", "connect_timeout"),
    ],
)
def test_what_no_connection_could_use_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Dsn.parse(url)


def test_the_password_is_shown_nowhere() -> None:
    dsn = Dsn.parse("postgresql://u@h/d", password="hunter2")
    assert "hunter2" not in repr(dsn)
    assert dsn.arguments("x")["password"] == "hunter2"


@pytest.mark.parts
def test_several_hosts_are_tried_until_one_accepts_writes(database_url: str) -> None:
    host = database_url.partition("@")[2].partition("/")[0]
    dsn = Dsn.parse(database_url.replace(host, f"127.0.0.1:1,{host}") + "?target_session_attrs=read-write")
    with dsn.connect("test") as session:
        assert session.execute("SHOW application_name").fetchone() == ("test",)


@pytest.mark.parts
def test_a_direct_session_is_seen_not_to_be_shared(database_url: str) -> None:
    dsn = Dsn.parse(database_url)
    with dsn.connect("test") as session:
        assert not dsn.shared(session)


@pytest.mark.parts
def test_a_server_that_is_not_there_is_reported_in_libpqs_words() -> None:
    with pytest.raises(psycopg.OperationalError, match="Connection refused"):
        Dsn.parse("postgresql://u@127.0.0.1:1/d").connect("test")
