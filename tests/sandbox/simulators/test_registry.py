"""The simulated registry's own answers; what clients rely on is in the contract, `tests/codec/test_registry.py`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.simulators.registry import Reference, RegistryRefusal, SchemaStore

INNER = Reference("x.Inner", "inner", 1)


def text(inner: Any = "string", name: str = "Outer") -> str:
    return json.dumps({"type": "record", "name": name, "namespace": "x", "fields": [{"name": "a", "type": inner}]})


@pytest.fixture
def store() -> SchemaStore:
    store = SchemaStore()
    store.register("inner", text(name="Inner"))
    return store


def test_what_a_schema_refers_to_is_kept_with_it(store: SchemaStore) -> None:
    ident = store.register("outer", text("x.Inner"), [INNER])
    assert store.references(ident) == (INNER,)
    assert store.find("outer", text("x.Inner"), [INNER]) == (ident, 1)


def test_the_same_text_with_and_without_references_are_two_schemas(store: SchemaStore) -> None:
    assert store.register("a", text()) != store.register("b", text(), [INNER])


@pytest.mark.parametrize("references", [[], [Reference("x.Inner", "elsewhere", 1)], [Reference("x.Inner", "inner", 2)]])
def test_a_schema_whose_references_are_not_there_is_none(store: SchemaStore, references: list[Reference]) -> None:
    with pytest.raises(RegistryRefusal) as refused:
        store.register("outer", text("x.Inner"), references)
    assert (refused.value.status, refused.value.body["error_code"]) == (422, 42201)


def test_compatibility_looks_into_what_is_referred_to(store: SchemaStore) -> None:
    store.register("outer", text("x.Inner"), [INNER])
    assert store.against("outer", text(json.loads(text(name="Inner")))) == []
    assert store.against("outer", text(json.loads(text("int", name="Inner"))))


REFUSALS: list[tuple[Callable[[SchemaStore], object], int, int]] = [
    (lambda store: store.text(0), 404, 40403),
    (lambda store: store.text(99), 404, 40403),
    (lambda store: store.by_guid("x"), 404, 40403),
    (lambda store: store.versions("elsewhere"), 404, 40401),
    (lambda store: store.version("elsewhere", 1), 404, 40401),
    (lambda store: store.version("inner", 2), 404, 40402),
    (lambda store: store.find("inner", text()), 404, 40403),
    (lambda store: store.find("inner", "{"), 422, 42201),
    (lambda store: store.register("inner", text("int", name="Inner")), 409, 409),
    (lambda store: store.set_level("inner", "x"), 422, 42203),
]


@pytest.mark.parametrize(("ask", "status", "code"), REFUSALS)
def test_errors_are_the_apis_own(
    store: SchemaStore, ask: Callable[[SchemaStore], object], status: int, code: int
) -> None:
    with pytest.raises(RegistryRefusal) as refused:
        ask(store)
    assert (refused.value.status, refused.value.body["error_code"]) == (status, code)
