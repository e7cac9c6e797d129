"""Properties of what comes from outside, for generated input: it is read, or refused for a reason, or asked for again; nothing else."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.codec.dead_letters import Headers, Unreadable
from consumer.codec.port import UnknownSchema, UnreadableSchema, WriterSchema
from consumer.codec.reader import EventReader
from consumer.codec.registry import Compatibility, Incompatible, Registry
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.codec.wire import framed
from consumer.errors import Unavailable
from consumer.events import StudentStatusChanged
from tests.codec.conftest import OURS, FakeSchemas, event, payload, written

JSON_WORDS = (
    "error_code", "message", "schema", "schemaType", "references", "subject", "version", "name", "id", "is_compatible", "messages",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["AVRO", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(JSON_WORDS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=6,
)
ENVELOPES = st.fixed_dictionaries(
    {"error_code": st.sampled_from([40401, 40402, 40403, 40301, 42201, 409, 404]) | JSON}, optional={"message": JSON}
)
SCHEMAS = st.fixed_dictionaries(
    {"schema": st.just('"string"') | JSON},
    optional={
        "schemaType": st.just("AVRO") | JSON,
        "references": JSON
        | st.lists(
            st.fixed_dictionaries(
                {"name": st.text() | JSON, "subject": st.text() | JSON, "version": st.integers() | JSON}
            ),
            max_size=3,
        ),
    },
)
BODIES = st.binary(max_size=40) | (JSON | ENVELOPES | SCHEMAS).map(lambda answer: json.dumps(answer).encode())
STATUSES = st.sampled_from([200, 404, 409, 422]) | st.integers(200, 599)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"Content-Type", b"Content-Encoding", b"Location", b"Set-Cookie", b"Content-Length"]),
        st.sampled_from([b"gzip", b"//xn--/", b"a=b; Domain=[", b"text/html; charset=x"]) | st.binary(max_size=20),
    ),
    max_size=3,
)

ASKS: Mapping[str, tuple[Callable[[Registry], object], type, tuple[int, ...]]] = {
    "id": (lambda registry: registry.schema(1), WriterSchema, (40403,)),
    "guid": (lambda registry: registry.schema(UUID(int=1)), WriterSchema, (40403,)),
    "find": (lambda registry: registry.id_of("a", "{}"), int, (40401, 40403)),
    "register": (lambda registry: registry.register("a", "{}"), int, ()),
    "compatibility": (lambda registry: registry.compatibility("a", "{}"), Compatibility, (40401, 40402)),
}


@given(status=STATUSES, headers=HEADERS, body=BODIES, ask=st.sampled_from(sorted(ASKS)))
def test_every_response_of_a_registry_is_an_answer_or_asked_for_again(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes, ask: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, content=body))
    registry = Registry(httpx.Client(base_url="http://registry", transport=transport, trust_env=False))
    act, expected, unknown = ASKS[ask]
    try:
        assert isinstance(act(registry), expected)
    except UnknownSchema:
        assert status == 404
        assert json.loads(body)["error_code"] in unknown
    except Incompatible:
        assert ask == "register"
        assert status in {409, 422}
        assert isinstance(json.loads(body)["error_code"], int)
    except UnreadableSchema:
        assert expected is WriterSchema
        assert status == 200
    except Unavailable:
        pass


TYPE_WORDS = (
    "null",
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "bytes",
    "string",
    "Link",
    "Status",
    "x.Y",
    "record",
    "",
)
NAMES = st.sampled_from(["Link", "Status", "Student", "x.Y", "a-b", ".", "", "id"])
FIELD_NAMES = st.sampled_from(["id", "name", "tenant_id", "status", "a"])


def _object(optional: Mapping[str, st.SearchStrategy[Any]] | None = None, **required: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional or {})


def _complex(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    junk = {"default": JSON, "aliases": JSON, "logicalType": st.sampled_from(["uuid", "decimal", "duration"]) | JSON}
    fields = st.lists(_object({"default": JSON}, name=FIELD_NAMES, type=inner), max_size=3)
    kinds = [
        st.lists(inner, max_size=3),
        _object(junk, type=st.just("array"), items=inner),
        _object(junk, type=st.just("map"), values=inner),
        _object(type=st.sampled_from(["record", "error"]), name=NAMES, fields=fields),
        _object(type=st.just("fixed"), name=NAMES, size=st.integers(-1, 2**70)),
        _object(type=st.just("enum"), name=NAMES, symbols=st.lists(NAMES, max_size=3)),
        _object(junk, type=inner),
    ]
    return st.one_of(kinds)


TYPES = st.recursive(st.sampled_from(TYPE_WORDS) | JSON, _complex, max_leaves=8)


@st.composite
def writers(draw: st.DrawFn) -> Any:
    """Our schema with any type in place of a field's or before all fields; or any JSON."""
    changed = schema(STATUS_CHANGED)
    match draw(st.integers(0, 3)):
        case 0:
            return draw(TYPES)
        case 1:
            draw(st.sampled_from(changed["fields"]))["type"] = draw(TYPES)
        case 2:
            changed["fields"][5]["type"]["fields"][0]["type"] = draw(TYPES)
        case _:
            changed["fields"].insert(0, {"name": "extra", "type": draw(TYPES)})
    return changed


@given(writer=writers(), reference=TYPES, head=st.binary(max_size=40))
def test_every_record_by_every_schema_is_an_event_or_has_a_reason(writer: Any, reference: Any, head: bytes) -> None:
    schemas = FakeSchemas()
    schemas.known[2], schemas.references[2] = json.dumps(writer), (json.dumps(reference),)
    _has_an_end(EventReader(schemas), framed(2, head + payload(event())), None)


@given(
    value=st.none() | st.binary(max_size=80) | st.binary(max_size=80).map(lambda body: framed(OURS, body)),
    headers=st.none()
    | st.lists(st.tuples(st.just("__value_schema_id") | st.text(), st.none() | st.binary(max_size=20)), max_size=3),
)
def test_every_value_with_every_header_is_an_event_or_has_a_reason(
    value: bytes | None, headers: Headers | None
) -> None:
    _has_an_end(EventReader(FakeSchemas()), value, headers)


def _has_an_end(reader: EventReader, value: bytes | None, headers: Headers | None) -> None:
    for look, result in ((reader.peek, tuple), (reader.read, StudentStatusChanged)):
        with suppress(Unreadable):
            assert isinstance(look(value, headers), result)


# A value that a writer may add, with its type.
SIMPLE: st.SearchStrategy[tuple[Any, Any]] = st.one_of(
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("int"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("long"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("double"), st.floats()),
    st.tuples(st.just("string"), st.text(max_size=5)),
    st.tuples(st.just("bytes"), st.binary(max_size=5)),
    st.tuples(st.just({"type": "fixed", "size": 3}), st.binary(min_size=3, max_size=3)),
    st.tuples(st.just({"type": "enum", "symbols": ["A", "B"]}), st.sampled_from("AB")),
)
ADDED = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda t: ({"type": "array", "items": t[0]}, [t[1]] * 2)),
        inner.map(lambda t: ({"type": "map", "values": t[0]}, {"k": t[1]})),
        inner.map(lambda t: ({"type": "record", "fields": [{"name": "x", "type": t[0]}]}, {"x": t[1]})),
    ),
    max_leaves=4,
)
PROMOTED = {"event_id": "bytes", "tenant_id": "bytes", "version": "int"}
OPTIONAL = ("guardian_emails", "attributes", "preferred_language", "external_sync_disabled")


@settings(max_examples=50)
@given(data=st.data())
def test_what_a_compatible_writer_adds_drops_promotes_or_moves_changes_no_event(data: st.DataObject) -> None:
    plain, record = schema(STATUS_CHANGED), event()
    fields = plain["fields"]
    for name in data.draw(st.sets(st.sampled_from(sorted(PROMOTED)))):
        found = next(field for field in fields if field["name"] == name)
        found["type"] = PROMOTED[name]
        record[name] = record[name].encode() if found["type"] == "bytes" else record[name]
    student = fields[-1]["type"]
    dropped = data.draw(st.sets(st.sampled_from(OPTIONAL)))
    student["fields"] = [field for field in student["fields"] if field["name"] not in dropped]
    for number, (added, value) in enumerate(data.draw(st.lists(ADDED, max_size=2))):
        fields.append({"name": f"x{number}", "type": _named(added, f"T{number}")})
        record[f"x{number}"] = value
    plain["fields"] = data.draw(st.permutations(fields))
    registered = json.loads(json.dumps(plain))
    mistake = data.draw(JSON)
    for number, field in enumerate(registered["fields"]):
        registered["fields"][number] = {**field, "default": mistake, "doc": mistake, "aliases": mistake}

    schemas = FakeSchemas()
    schemas.known[2] = json.dumps(registered)
    reader = EventReader(schemas)
    value = written(record, schema_id=2, of=plain)
    defaults: dict[str, Any] = {
        "guardian_emails": [],
        "attributes": {},
        "preferred_language": None,
        "external_sync_disabled": False,
    }
    expected = written(event(student={name: defaults[name] for name in dropped}))
    assert reader.read(value, None) == reader.read(expected, None)
    assert reader.peek(value, None) == reader.peek(expected, None)


def _named(added: Any, name: str) -> Any:
    """The type, with a name for each type in it that needs one."""
    if not isinstance(added, dict):
        return added
    made = cast("dict[str, Any]", added)
    inner = {key: _named(made[key], name + key[0]) for key in ("items", "values") if key in made}
    if "fields" in made:
        inner["fields"] = [{**field, "type": _named(field["type"], name + "x")} for field in made["fields"]]
    return {"name": name, **made, **inner} if made["type"] in {"record", "fixed", "enum"} else {**made, **inner}
