"""One contract for both registries: the simulated one, and Apicurio through its Confluent-compatible API."""

import json
import ssl
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from consumer.codec.port import UnknownSchema, UnreadableSchema, WriterSchema
from consumer.codec.registration import Standing, check, register
from consumer.codec.registry import Incompatible, Registry, open_registry
from consumer.codec.wire import SchemaRef
from consumer.errors import Unavailable
from consumer.settings import RegistrySettings
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.world import REGISTRY, World
from testbed.installation import free_names


@dataclass
class Given:
    """A registry, and a subject that no one else uses."""

    registry: Registry
    subject: str
    settings: RegistrySettings
    gives_reasons: bool = True

    def enforce(self) -> None:
        """Has compatibility checked: Apicurio does so only for subjects that are asked to."""
        self._send("PUT", f"/config/{self.subject}", {"compatibility": "BACKWARD"})

    def register_referring(self, subject: str, text: str, *references: tuple[str, str]) -> int:
        """Registers a schema that refers to the first versions of other subjects, given as (type, subject); the id."""
        listed = [{"name": name, "subject": other, "version": 1} for name, other in references]
        return self._send("POST", f"/subjects/{subject}/versions", {"schema": text, "references": listed})["id"]

    def _send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        answer = httpx.request(method, self.settings.url + path, json=body, verify=context, trust_env=False)
        return answer.raise_for_status().json()


@pytest.fixture(params=["simulated", pytest.param("apicurio", marks=pytest.mark.parts)])
def given(request: pytest.FixtureRequest, tmp_path: Path, unique_name: str) -> Iterator[Given]:
    if request.param == "apicurio":
        settings = RegistrySettings(url=request.getfixturevalue("apicurio"))
        registry = open_registry(settings, str)
        # Apicurio's Confluent-compatible API says whether, and not why.
        yield Given(registry, f"{unique_name}-value", settings, gives_reasons=False)
        registry.close()
        return
    world = World([], tmp_path, clock=time.time, seed=1)
    with ServedInThread(world.server) as server:
        settings = RegistrySettings(url=server.url(REGISTRY), ca_file=world.authority.ca_file)
        registry = open_registry(settings, str)
        yield Given(registry, f"{unique_name}-value", settings)
        registry.close()


def schema(*extra: dict[str, Any], name: str = "Thing") -> str:
    fields = [{"name": "a", "type": "string"}, *extra]
    return json.dumps({"type": "record", "name": name, "namespace": "x", "fields": fields})


OPTIONAL = {"name": "b", "type": ["null", "string"], "default": None}
DEMANDING = {"name": "b", "type": "string"}


def test_a_registered_schema_is_read_by_its_id(given: Given) -> None:
    ident = given.registry.register(given.subject, schema())
    assert json.loads(given.registry.schema(ident).text) == json.loads(schema())


def test_registering_again_gives_the_same_id(given: Given) -> None:
    assert given.registry.register(given.subject, schema()) == given.registry.register(given.subject, schema())


def test_a_subjects_schema_is_found_by_its_text(given: Given) -> None:
    ident = given.registry.register(given.subject, schema())
    assert given.registry.id_of(given.subject, schema()) == ident


def test_a_subject_that_is_not_there_is_unknown(given: Given) -> None:
    with pytest.raises(UnknownSchema):
        given.registry.id_of(given.subject, schema())


def test_another_schema_of_a_known_subject_is_unknown(given: Given) -> None:
    given.registry.register(given.subject, schema())
    with pytest.raises(UnknownSchema):
        given.registry.id_of(given.subject, schema(OPTIONAL))


def test_an_id_that_was_never_given_is_unknown(given: Given) -> None:
    with pytest.raises(UnknownSchema):
        given.registry.schema(999_999_999)


def test_a_guid_that_was_never_given_is_unknown(given: Given) -> None:
    with pytest.raises(UnknownSchema):
        given.registry.schema(UUID(int=1))


def test_an_id_beyond_all_ids_is_unknown(given: Given) -> None:
    with pytest.raises(UnknownSchema):
        given.registry.schema(2**32 - 1)


def test_a_schema_is_read_with_all_that_it_refers_to(given: Given) -> None:
    inner, middle, outer = (f"{given.subject}-{part}" for part in ("inner", "middle", "outer"))
    given.registry.register(inner, schema(name="Inner"))
    given.register_referring(middle, schema({"name": "b", "type": "x.Inner"}, name="Middle"), ("x.Inner", inner))
    ident = given.register_referring(
        outer,
        schema({"name": "b", "type": "x.Inner"}, {"name": "c", "type": "x.Middle"}, name="Outer"),
        ("x.Inner", inner),
        ("x.Middle", middle),
    )
    read = given.registry.schema(ident)
    assert json.loads(read.text)["name"] == "Outer"
    assert sorted(json.loads(text)["name"] for text in read.references) == ["Inner", "Middle"]


def test_a_compatible_change_is_reported_and_taken(given: Given) -> None:
    given.registry.register(given.subject, schema())
    given.enforce()
    assert given.registry.compatibility(given.subject, schema(OPTIONAL)).compatible
    given.registry.register(given.subject, schema(OPTIONAL))


def test_an_incompatible_change_is_reported_with_its_reasons_and_refused(given: Given) -> None:
    given.registry.register(given.subject, schema())
    given.enforce()
    verdict = given.registry.compatibility(given.subject, schema(DEMANDING))
    assert not verdict.compatible
    assert bool(verdict.messages) == given.gives_reasons
    with pytest.raises(Incompatible):
        given.registry.register(given.subject, schema(DEMANDING))


def test_our_schemas_are_new_then_registered_then_unchanged(given: Given) -> None:
    topics = free_names(given.subject)
    assert {report.standing for report in check(given.registry, topics)} == {Standing.NEW}
    assert {report.standing for report in register(given.registry, topics)} == {Standing.REGISTERED}
    assert {report.standing for report in check(given.registry, topics)} == {Standing.REGISTERED}


def test_a_registry_that_is_not_there_is_unavailable() -> None:
    registry = open_registry(RegistrySettings(url="http://127.0.0.1:1"), str)
    with pytest.raises(Unavailable):
        registry.schema(1)
    registry.close()


Answers = Mapping[str, tuple[int, bytes]]


@contextmanager
def answering(answers: Answers, **options: Any) -> Generator[tuple[Registry, list[str]]]:
    """A registry that answers by path (404 as an ingress does where none is given), and the paths that it was asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        status, body = answers.get(request.url.path, (404, b"404 page not found\n"))
        return httpx.Response(status, content=body)

    registry = Registry(httpx.Client(base_url="http://registry", transport=httpx.MockTransport(answer)), **options)
    yield registry, asked
    registry.close()


def json_answer(**answer: Any) -> tuple[int, bytes]:
    return 200, json.dumps(answer).encode()


def error(status: int, code: Any) -> tuple[int, bytes]:
    return status, json.dumps({"error_code": code, "message": "No."}).encode()


def refers(*names: str, **more: Any) -> dict[str, Any]:
    return {"references": [{"name": name, "subject": name, "version": 1, **more} for name in names]}


def test_a_schema_that_was_read_once_needs_no_registry() -> None:
    answers = {f"/schemas/ids/{ident}": json_answer(schema=schema()) for ident in (1, 2, 3)}
    with answering(answers, cache_size=2) as (registry, asked):
        for ident in (1, 1, 2, 3, 1):
            registry.schema(ident)
    assert asked == ["/schemas/ids/1", "/schemas/ids/2", "/schemas/ids/3", "/schemas/ids/1"]


DEEP = b"[" * 100_000
UNEXPECTED = [
    (200, b'{"message": "updating"}'),
    (200, b'{"schema": null}'),
    (200, b'{"schema": {}}'),
    (200, b'{"schema": "\\"string\\"", "schemaType": 7}'),
    (200, b'{"schema": "\\"string\\"", "references": {"name": "a"}}'),
    (200, b'{"schema": "\\"string\\"", "references": [null]}'),
    (200, b'{"schema": "\\"string\\"", "references": [{"name": "a", "subject": "a", "version": true}]}'),
    (200, b'{"schema": "\\"string\\"", "references": [{"name": "a", "subject": "a", "version": 0}]}'),
    (200, b'{"schema": "\\"string\\"", "references": [{"name": "a", "subject": "\\ud800", "version": 1}]}'),
    (200, b"[]"),
    (200, b"null"),
    (200, b"\xff\xfe{"),
    (200, b""),
    (200, DEEP),
    (200, b'"' + b"x" * 5_000_000 + b'"'),
    (204, b""),
    (307, b""),
    error(200, 40403),
    error(400, 40403),
    error(401, 40101),
    error(403, 40301),
    error(407, 407),
    error(409, 409),
    error(422, 42201),
    error(429, 42901),
    error(500, 50001),
    error(503, 40403),
    error(404, 404),
    error(404, 40401),
    error(404, "40403"),
    error(404, 40403.0),
    error(404, [40403]),
    error(404, None),
    (404, b"404 page not found\n"),
    (404, b"<html>"),
    (404, b""),
    (404, DEEP),
    (404, b"[40403]"),
]


@pytest.mark.parametrize("response", UNEXPECTED, ids=[f"{status} {body[:60]!r}" for status, body in UNEXPECTED])
@pytest.mark.parametrize("ref", [1, UUID(int=1), 2], ids=["by id", "by guid", "referred to"])
def test_whatever_is_not_the_registrys_own_answer_is_asked_for_again(
    response: tuple[int, bytes], ref: SchemaRef
) -> None:
    answers = {
        "/schemas/ids/1": response,
        f"/schemas/guids/{UUID(int=1)}": response,
        "/schemas/ids/2": json_answer(schema=schema(), **refers("a")),
        "/subjects/a/versions/1": response,
    }
    with answering(answers) as (registry, _), pytest.raises(Unavailable):
        registry.schema(ref)


@pytest.mark.parametrize(
    "location", ["//xn--/", "http://[", "http://x:99999/", "\xff", "http://registry/schemas/ids/1"]
)
def test_a_redirect_is_not_followed(location: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers=[(b"Location", location.encode("latin-1"))]))
    registry = Registry(httpx.Client(base_url="http://registry", transport=transport))
    with pytest.raises(Unavailable):
        registry.schema(1)


@pytest.mark.parametrize("response", [error(404, 40403), error(409, 409), error(422, 42201), (200, b'{"id": "1"}')])
def test_a_registration_is_refused_or_has_an_id(response: tuple[int, bytes]) -> None:
    expected = Incompatible if response[0] in {409, 422} else Unavailable
    with answering({"/subjects/a/versions": response}) as (registry, _), pytest.raises(expected):
        registry.register("a", schema())


@pytest.mark.parametrize("response", [(409, b"<html>"), (422, b"[]"), error(409, "no"), error(422, None)])
def test_a_refusal_that_is_not_the_registrys_own_is_none(response: tuple[int, bytes]) -> None:
    with answering({"/subjects/a/versions": response}) as (registry, _), pytest.raises(Unavailable):
        registry.register("a", schema())


@pytest.mark.parametrize(
    "response",
    [json_answer(id=True), json_answer(id="1"), json_answer(id=0), json_answer(), error(422, 42201), (404, b"")],
)
def test_an_id_is_a_number_or_the_registry_is_unavailable(response: tuple[int, bytes]) -> None:
    with answering({"/subjects/a": response}) as (registry, _), pytest.raises(Unavailable):
        registry.id_of("a", schema())


@pytest.mark.parametrize(
    "response", [json_answer(is_compatible="true"), json_answer(is_compatible=True, messages="x"), json_answer()]
)
def test_a_verdict_is_true_or_false_or_the_registry_is_unavailable(response: tuple[int, bytes]) -> None:
    path = "/compatibility/subjects/a/versions/latest"
    with answering({path: response}) as (registry, _), pytest.raises(Unavailable):
        registry.compatibility("a", schema())


def test_a_guid_is_unknown_to_a_registry_without_guids() -> None:
    with answering({"/schemas/ids/0": error(404, 40403)}) as (registry, _), pytest.raises(UnknownSchema):
        registry.schema(UUID(int=1))


def test_a_schema_that_is_not_avro_cannot_be_read_by() -> None:
    answers = {"/schemas/ids/1": json_answer(schema="{}", schemaType="JSON")}
    with answering(answers) as (registry, _), pytest.raises(UnreadableSchema):
        registry.schema(1)


@pytest.mark.parametrize("code", [40401, 40402])
def test_a_reference_that_is_not_there_now_is_asked_for_again(code: int) -> None:
    answers = {
        "/schemas/ids/1": json_answer(schema=schema(), **refers("a")),
        "/subjects/a/versions/1": error(404, code),
    }
    with answering(answers) as (registry, _), pytest.raises(Unavailable):
        registry.schema(1)


def test_references_in_a_circle_are_read_once_each() -> None:
    answers = {
        "/schemas/ids/1": json_answer(schema=schema(), **refers("a", "b")),
        "/subjects/a/versions/1": json_answer(schema=schema(name="A"), **refers("b")),
        "/subjects/b/versions/1": json_answer(schema=schema(name="B"), **refers("a")),
    }
    with answering(answers) as (registry, asked):
        assert registry.schema(1) == registry.schema(1)
        assert len(registry.schema(1).references) == 2
    assert sorted(asked) == sorted(answers)


def test_the_first_version_of_a_type_counts_where_there_are_two() -> None:
    newer = {"references": [{"name": "a", "subject": "a", "version": 2}]}
    answers = {
        "/schemas/ids/1": json_answer(schema="main", references=[*refers("b")["references"], *newer["references"]]),
        "/subjects/a/versions/1": json_answer(schema="a 1"),
        "/subjects/a/versions/2": json_answer(schema="a 2"),
        "/subjects/b/versions/1": json_answer(schema="b", **refers("a")),
    }
    with answering(answers) as (registry, _):
        assert registry.schema(1) == WriterSchema("main", ("b", "a 1"))


def test_references_without_end_are_given_up() -> None:
    answers = {"/schemas/ids/1": json_answer(schema=schema(), **refers("0"))}
    answers |= {f"/subjects/{n}/versions/1": json_answer(schema=schema(), **refers(str(n + 1))) for n in range(500)}
    with answering(answers) as (registry, asked), pytest.raises(UnreadableSchema):
        registry.schema(1)
    assert len(asked) < 300


def test_a_registry_that_drips_is_unavailable() -> None:
    seconds = iter(range(0, 1_000, 10))
    answers = {"/schemas/ids/1": json_answer(schema=schema(), **refers("0"))}
    answers |= {f"/subjects/{n}/versions/1": json_answer(schema=schema(), **refers(str(n + 1))) for n in range(500)}
    with answering(answers, clock=lambda: next(seconds)) as (registry, asked), pytest.raises(Unavailable):
        registry.schema(1)
    assert len(asked) < 5
