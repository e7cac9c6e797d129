"""The real parts as fixtures. Each is started by the first test that wants it, is shared by all workers of the run, and ends with the run.

`KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name a cluster and a server to use instead: a run leaves neither topics nor databases there. A
password for the server is given in libpq's password file, not in the URL.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage] - where its own docs take it from
from psycopg import sql

from sandbox.embedded.postgres import EmbeddedPostgres
from sandbox.simulators import journal
from testbed.parts.apicurio import ApicurioRegistry
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing
from testbed.parts.kafka import KafkaCluster
from testbed.parts.pgbouncer import PgBouncer
from testbed.parts.shared import SharedParts
from tests.contracts import tally
from tests.lanes import Part, share_out
from tests.proof.chaos import canary

_LISTENING = {"vendors", "server", "listening"}
"""Fixtures that start servers."""
_PARTS = pytest.StashKey[SharedParts]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", type=Part.parse, help="of the tests that compute, only this part, such as 2/3")


def pytest_report_header(config: pytest.Config) -> str | None:
    part = _part(config)
    return None if part == Part() else f"of the tests that compute: {part}"


def _part(config: pytest.Config) -> Part:
    return config.getoption("part") or Part()


def pytest_configure(config: pytest.Config) -> None:
    from_controller: dict[str, str] | None = getattr(config, "workerinput", None)
    if from_controller is None:
        config.stash[_PARTS] = SharedParts.for_a_new_run()
        requests = config.stash[_PARTS].folder / "requests"
        requests.mkdir()
        os.environ[journal.VARIABLE] = str(requests)
    else:
        config.stash[_PARTS] = SharedParts(Path(from_controller["parts"]))


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts each long test into a lane: xdist's group, which one worker begins with. The last worker begins with those that compute."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("long", "computes")):
            item.add_marker(pytest.mark.prove)
        if marker := item.get_closest_marker("contract"):
            item.user_properties.append((tally.PROPERTY, marker.args[0]))
        if not _LISTENING.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    computing = [item for item in items if item.get_closest_marker("computes")]
    kept, left_out = _part(config).split(computing)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [*kept, *(item for item in items if not item.get_closest_marker("computes"))]
    from_controller: dict[str, int] = getattr(config, "workerinput", {})
    long = [(item, marker) for item in items if (marker := item.get_closest_marker("long"))]
    lanes = max(1, from_controller.get("workercount", 1) - 1)
    for (item, _), lane in zip(long, share_out([marker.kwargs["seconds"] for _, marker in long], lanes), strict=True):
        item.add_marker(pytest.mark.xdist_group(f"lane {lane}"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ends the run where xdist does not know the lanes: long tests would wait one after the other, for hours."""
    grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if getattr(session.config.option, "loadgroup", False) and any("@" not in item.nodeid for item in grouped):
        raise pytest.UsageError("pytest-xdist does not group tests with this version of pytest: see pyproject.toml.")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Session) -> None:
    """Tell one of xdist's workers where the run's parts are."""
    for_worker: dict[str, str] = getattr(node, "workerinput")  # noqa: B009 - xdist has no types
    for_worker["parts"] = str(node.config.stash[_PARTS].folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the run where the service sent a vendor what the vendor does not describe."""
    if not hasattr(session.config, "workerinput") and any(_invalid_requests(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the run has proven of the contract with the vendors, and where it looked for personal data."""
    reports = [one for ends in ("passed", "failed", "error") for one in terminalreporter.getreports(ends)]
    counted, wrong = tally.Tally(), list(_invalid_requests(config))
    counted.of_tests(reports)
    counted.of_requests(tally.of_the_service(_requests(config)), wrong)
    if lines := [*wrong, *counted.lines()]:
        terminalreporter.section("contract with the vendors")
        for line in lines:
            terminalreporter.write_line(line)
    if lines := list(canary.lines(reports)):
        terminalreporter.section("privacy")
        for line in lines:
            terminalreporter.write_line(line)


def _invalid_requests(config: pytest.Config) -> Iterator[str]:
    return tally.invalid(tally.of_the_service(_requests(config)))


def _requests(config: pytest.Config) -> Path:
    return config.stash[_PARTS].folder / "requests"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_requests(config))
    config.stash[_PARTS].end()


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Say:
    """Tells people at the terminal, past pytest's capture, how far long work is."""
    capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")

    def tell(text: str) -> None:
        with capture.global_and_fixture_disabled():
            os.write(2, f"{text}\n".encode())

    return tell


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config, say: Say) -> str:
    """Bootstrap servers of an Apache Kafka of one node. Topics are not created on use: see `create_topic`."""

    def start(folder: Path, tether: int) -> tuple[str, object]:
        cluster = KafkaCluster(folder, say=say, tether=tether)
        cluster.start()
        return cluster.bootstrap_servers, cluster

    return os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or pytestconfig.stash[_PARTS].address("kafka", start)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> str:
    """`postgresql://` URL of a server on which databases may be created. Tests take `database_url`."""

    def start(folder: Path, tether: int) -> tuple[str, object]:
        server = EmbeddedPostgres(folder, tether=tether, remove=True)
        server.start()
        return server.url, server

    return os.environ.get("DATABASE_URL") or pytestconfig.stash[_PARTS].address("postgres", start)


@pytest.fixture(params=["session", "transaction"])
def pooler(request: pytest.FixtureRequest, database_url: str, say: Say) -> Iterator[PgBouncer]:
    """A PgBouncer before the test's database, in either mode. Where the program cannot be had, the test is skipped and says why."""
    try:
        bouncer = PgBouncer(database_url, mode=request.param, say=say)
    except Missing as missing:
        pytest.skip(str(missing))
    with bouncer:
        yield bouncer


@pytest.fixture(scope="session")
def apicurio(pytestconfig: pytest.Config, say: Say) -> str:
    """Base URL of Apicurio's Confluent-compatible API, `http://127.0.0.1:PORT/apis/ccompat/v7`."""

    def start(folder: Path, tether: int) -> tuple[str, object]:
        registry = ApicurioRegistry(folder, say=say, tether=tether)
        registry.start()
        return registry.url, registry

    return pytestconfig.stash[_PARTS].address("apicurio", start)


@pytest.fixture
def folder_open_to_all() -> Iterator[Path]:
    """A folder that PostgreSQL may enter even where the tests run as root (pytest's own folders are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="provisioner-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def unique_name() -> str:
    """A name that nothing else in this or any other run has: for topics, groups, transactional ids, subjects."""
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
def topic_prefix(unique_name: str) -> str:
    """What this test's topics begin with."""
    return f"{unique_name}."


@pytest.fixture
def create_topic(kafka: str, topic_prefix: str) -> Iterator[Callable[..., str]]:
    """`create_topic(name, partitions=1)` makes a topic of this test's own, and returns its full name once it is there."""
    admin: Any = AdminClient({"bootstrap.servers": kafka})  # its futures are untyped
    made: list[str] = []

    def create(name: str, partitions: int = 1) -> str:
        topic = f"{topic_prefix}{name}"
        for done in admin.create_topics([NewTopic(topic, partitions)]).values():
            done.result(30)
        made.append(topic)
        return topic

    yield create
    for done in admin.delete_topics(made).values() if made else ():
        done.result(30)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """`postgresql://` URL of a fresh, empty database; dropped afterwards with whatever is still connected to it."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield _with_database(postgres, name)
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def service_role(postgres: str) -> Iterator[str]:
    """The name of a role that owns nothing, as the service's. It needs no password where none is asked for."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    yield name
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
