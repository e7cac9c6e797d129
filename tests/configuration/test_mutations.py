"""Whatever becomes of a valid configuration, its mistakes are settings, or all that `provisioner run` makes of it can be made."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from consumer.app import App
from consumer.assembly import Assembly
from consumer.clients import LiveClients
from consumer.codec.writer import OutcomeWriter
from consumer.configuration.check import examine
from consumer.configuration.loading import load_settings, read_tenants
from consumer.observe.metrics import Metrics
from consumer.provisioning.institution import Institutions
from consumer.secrets import opener
from consumer.settings import Topics
from tests.configuration.files import SECRETS, Files

repeatable = settings(derandomize=True, database=None, deadline=None, max_examples=40)

Place = tuple[str | int, ...]
Edit = Callable[[dict[str, Any]], None]

SERVICE: dict[str, Any] = {
    "kafka": {
        "bootstrap_servers": "127.0.0.1:1",
        "topics": Topics().model_dump(),
        "librdkafka": {"socket.timeout.ms": "5000", "security.protocol": "plaintext"},
    },
    "registry": {"url": "http://127.0.0.1:1"},
    "database": {"url": "postgresql://provisioner@127.0.0.1:1/provisioner", "password": "env:DATABASE_PASSWORD"},
    "vault": [{"id": "2026-09", "key": "env:VAULT_KEY_2026_09"}],
    "provisioning": {"lease": 60, "call_timeout": 30, "concurrency": 8},
    "http": {"host": "127.0.0.1", "port": 0},
    "log": {"level": "info"},
}
"""Valid, with most of the sections; the directories are added where the files are."""

ODD: Sequence[object] = [
    *(None, True, 0, -1, 1, 10**30, 1.5, float("nan"), float("inf")),
    *(
        "",
        " ",
        "x",
        "x" * 20_000,
        "é",
        "\U0001f33b",
        "\x07",
        "a\nb",
        "{",
        "}",
        "{n}",
        "{{",
        "%",
        "..",
        "/",
        "~",
        "<<",
        "*",
        "a,b",
        "a@b",
    ),
    *("env:", "env:NOT_SET", "env:DATABASE_PASSWORD", "file:/nowhere", "file:/dev/null", "file:/"),
    *("http://", "https://[::1", "https://host:99999", "https://a b", "127.0.0.1:1"),
    *("postgresql://", "postgresql://u:p@h/d", "postgresql://h:x/d"),
    *(
        "2026-13-45",
        "UK",
        "GR",
        "north-high",
        "south-high",
        "7babcaad-604b-40ac-a9d7-9fd97c0b779f",
        "account-provisioned",
    ),
    *([None], ["x"], [[0]], ["{given}"], ["x"] * 300, {"x": 1}, {7: 8}, {"": ""}),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    files = Files(tmp_path_factory.mktemp("mutations"))
    files.copy("south-high", ("students.north-high", "students.south-high"))
    return files


def places(value: object, place: Place = ()) -> Iterator[Place]:
    """Everything in a tree but its root."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType]
    for key, item in inside:
        yield (*place, key)
        yield from places(item, (*place, key))


@st.composite
def edits(draw: st.DrawFn, tree: dict[str, Any]) -> Edit:
    """One change of the data at any place: dropped, misspelt, exchanged for another, or for something odd."""
    *outer, key = draw(st.sampled_from(list(places(tree))))
    other = draw(st.sampled_from(list(places(tree))))
    odd = draw(st.sampled_from(ODD))
    kind = draw(st.sampled_from(["drop", "misspell", "exchange", "odd"]))

    def edit(data: dict[str, Any]) -> None:
        try:
            inner = _at(data, tuple(outer))
            match kind:
                case "drop":
                    del inner[key]
                case "misspell" if isinstance(key, str):
                    inner[f"{key[:-1]}{key[:1]}"] = inner.pop(key)
                case "exchange":
                    inner[key] = _at(data, other)
                case _:
                    inner[key] = odd
        except (LookupError, TypeError):
            return  # an edit before has removed the place

    return edit


def _at(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


@st.composite
def cuts(draw: st.DrawFn) -> Callable[[str], str]:
    """One change of a text: a line doubled, dropped or moved, a few characters replaced, the end cut off."""
    position, length = draw(st.floats(0, 1, exclude_max=True)), draw(st.integers(1, 12))
    junk = draw(st.text(st.sampled_from(" \t\n:{}[]&*!|>'\"%#-,@`?x7<=~\x00\x07\ufeff"), max_size=4))
    kind = draw(st.sampled_from(["double", "drop", "move", "replace", "cut"]))

    def cut(text: str) -> str:
        lines, at = text.split("\n"), int(position * len(text))
        number = int(position * len(lines))
        match kind:
            case "double":
                lines.insert(number, lines[number])
            case "drop":
                del lines[number]
            case "move":
                lines.insert(length, lines.pop(number))
            case "replace":
                return text[:at] + junk + text[at + length :]
            case _:
                return text[:at]
        return "\n".join(lines)

    return cut


def nothing(*_: object) -> None:
    """Is settings, and does nothing."""


def build(files: Files, environ: dict[str, str], unusable: set[str]) -> None:
    """Constructs what `provisioner run` constructs, with its own functions. Connects to nothing."""

    async def construct() -> None:
        settings = load_settings(files.service, environ)
        settings = settings.model_copy(
            update={"kafka": settings.kafka.model_copy(update={"bootstrap_servers": ""})}
        )  # no client looks for one
        read = read_tenants(settings.tenants_dir)
        tenants = [tenant for tenant, _ in read.loaded]
        unreadable = {ident: broken.outline for ident, broken in read.broken.items()}
        open_secret = opener(environ)
        App(settings, tenants, open_secret, unreadable=unreadable)
        assembly = Assembly(
            settings,
            tenants,
            open_secret,
            metrics=Metrics(CollectorRegistry()),
            beat=nothing,
            stopping=lambda: False,
            name="test",
            unreadable=unreadable,
        )
        async with LiveClients(settings, open_secret, name="test", observe=nothing) as clients:
            assembly.loops(clients, clients.registry, OutcomeWriter(settings.kafka.topics, defaultdict(lambda: 1)))
            clients.consumer(nothing).close()
            clients.dead_letter_producer()
            clients.relay_producer()
            clients.progress()
            clients.published()
            clients.leadership()
            institutions = assembly.institutions(clients)
            assert isinstance(institutions, Institutions)
            assert {ident for ident, one in institutions.items() if one.fault} <= unusable

    asyncio.run(construct())


def reported_or_constructed(files: Files, environ: dict[str, str]) -> None:
    began = time.process_time()
    findings = examine(files.service, environ, secrets=True)
    assert time.process_time() - began < 30  # seconds; most take a tenth of one
    for mistake in findings.mistakes:
        assert str(mistake).encode()
    if not findings.service and set(findings.tenants) - findings.unusable.keys():
        build(files, environ, set(findings.unusable))


def write(file: Path, data: dict[str, Any]) -> str:
    text = yaml.safe_dump(data, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    return text


@pytest.fixture(scope="module")
def service(files: Files) -> dict[str, Any]:
    return {**SERVICE, "tenants_dir": f"{files.root}/config/tenants", "templates_dir": f"{files.root}/templates"}


@pytest.fixture(scope="module")
def tenant(files: Files) -> dict[str, Any]:
    return yaml.safe_load(files.tenant.read_text(encoding="utf-8"))


def test_the_configuration_that_is_changed_here_is_valid(files: Files, service: dict[str, Any]) -> None:
    write(files.service, service)
    assert files.messages() == []
    build(files, SECRETS, set())


@repeatable
@given(data=st.data())
def test_a_service_s_file_with_other_data(files: Files, service: dict[str, Any], data: st.DataObject) -> None:
    changed = yaml.safe_load(yaml.safe_dump(service))
    for edit in data.draw(st.lists(edits(SERVICE), min_size=1, max_size=3)):
        edit(changed)
    write(files.service, changed)
    reported_or_constructed(files, SECRETS)
    write(files.service, service)


@repeatable
@given(data=st.data())
def test_a_tenant_s_file_with_other_data(
    files: Files, service: dict[str, Any], tenant: dict[str, Any], data: st.DataObject
) -> None:
    write(files.service, service)
    changed = yaml.safe_load(yaml.safe_dump(tenant))
    for edit in data.draw(st.lists(edits(tenant), min_size=1, max_size=3)):
        edit(changed)
    write(files.tenant, changed)
    reported_or_constructed(files, SECRETS)
    write(files.tenant, tenant)


@repeatable
@given(
    name=st.sampled_from(["service", "tenant", "body.txt", "body.html", "subject.txt"]),
    some=st.lists(cuts(), min_size=1, max_size=3),
)
def test_a_file_with_another_text(
    files: Files, service: dict[str, Any], name: str, some: list[Callable[[str], str]]
) -> None:
    write(files.service, service)
    mail = files.root / "templates/new-user-creation-without-account-email/en"
    file = {"service": files.service, "tenant": files.tenant}.get(name, mail / name)
    text = before = file.read_text(encoding="utf-8")
    for cut in some:
        text = cut(text)
    file.write_text(text, encoding="utf-8")
    reported_or_constructed(files, SECRETS)
    file.write_text(before, encoding="utf-8")


VARIABLES = [
    *(
        "KAFKA",
        "KAFKA_SASL_USERNAME",
        "KAFKA_SECURITY_PROTOCOL",
        "KAFKA_SSL_CA_LOCATION",
        "KAFKA__TOPICS",
        "KAFKA__TOPICS__DEAD_LETTERS",
    ),
    *(
        "KAFKA__GROUP_ID",
        "DATABASE",
        "DATABASE__URL",
        "VAULT",
        "VAULT__1__KEY",
        "HTTP__HOST",
        "HTTP__PORT",
        "REGISTRY__CA_FILE",
    ),
    *(
        "REGISTRY__URL",
        "PROVISIONING__LEASE",
        "SHUTDOWN",
        "SHUTDOWN__X",
        "LOG__LEVEL",
        "TENANTS_DIR",
        "TEMPLATES_DIR",
        "",
        "__",
    ),
    *("OUTBOUND__TRANSACTIONAL_ID", "SERVICE_HOST", "SERVICE_PORT", "PORT"),
]
VALUES = [str(value).replace("\x00", "") for value in ODD] + [
    "[a",
    "&a [*a]",
    "{a: 1, a: 2}",
    "!!bool x",
    "10.0.0.1",
    "tcp://10.0.0.1:1",
    "9464",
]


@repeatable
@given(st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(VALUES), min_size=1, max_size=3))
def test_variables_of_any_kind(files: Files, service: dict[str, Any], given_: dict[str, str]) -> None:
    write(files.service, service)
    reported_or_constructed(files, {**SECRETS, **{f"PROVISIONER_{name}": value for name, value in given_.items()}})
