"""One contract for both registries: the simulated one, and Apicurio through its Confluent-compatible API."""

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from consumer.codec.port import UnknownSchema
from consumer.codec.registration import Standing, check, register
from consumer.codec.registry import Incompatible, Registry, open_registry
from consumer.errors import Unavailable
from consumer.settings import RegistrySettings
from consumer.simulators.served import ServedInThread
from consumer.simulators.world import REGISTRY, World
from tests.whole.service import free_names


@dataclass
class Given:
    """A registry, and a subject that nobody else uses."""

    registry: Registry
    subject: str
    settings: RegistrySettings
    gives_reasons: bool = True

    def enforce(self) -> None:
        """Has compatibility checked: Apicurio does so only for subjects that are told to."""
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        body = {"compatibility": "BACKWARD"}
        httpx.put(
            f"{self.settings.url}/config/{self.subject}", json=body, verify=context, trust_env=False
        ).raise_for_status()


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


def test_a_compatible_change_is_told_and_taken(given: Given) -> None:
    given.registry.register(given.subject, schema())
    given.enforce()
    assert given.registry.compatibility(given.subject, schema(OPTIONAL)).compatible
    given.registry.register(given.subject, schema(OPTIONAL))


def test_an_incompatible_change_is_told_with_its_reasons_and_refused(given: Given) -> None:
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


def test_a_schema_that_was_read_once_needs_no_registry() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"schema": schema()})

    registry = Registry(httpx.Client(base_url="http://registry", transport=httpx.MockTransport(answer)), cache_size=2)
    for ident in (1, 1, 2, 3, 1):
        registry.schema(ident)
    assert asked == ["/schemas/ids/1", "/schemas/ids/2", "/schemas/ids/3", "/schemas/ids/1"]


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_a_registry_in_trouble_makes_no_schema_unknown(status: int) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text="<html>"))
    registry = Registry(httpx.Client(base_url="http://registry", transport=transport))
    with pytest.raises(Unavailable):
        registry.schema(1)
