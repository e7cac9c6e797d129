"""What of a writer's schema takes part in decoding, and that nothing decodes without end by it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastavro import parse_schema

from consumer.codec.layout import layout_of
from consumer.codec.port import UnreadableSchema, WriterSchema

LINK = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}


def record(*types: Any, **more: Any) -> dict[str, Any]:
    fields = [{"name": f"f{number}", "type": inner} for number, inner in enumerate(types)]
    return {"type": "record", "name": "R", "namespace": "a.b", "fields": fields, **more}


def layout(schema: Any, *references: Any) -> Any:
    return layout_of(WriterSchema(json.dumps(schema), tuple(json.dumps(text) for text in references))).schema


def field_types(schema: Any, *references: Any) -> list[Any]:
    return [found["type"] for found in layout(schema, *references)["fields"]]


def refusal(schema: Any) -> str:
    with pytest.raises(UnreadableSchema) as refused:
        layout(schema)
    return str(refused.value)


@pytest.mark.parametrize(
    "attributes",
    [
        {"logicalType": "uuid"},
        {"logicalType": "decimal", "precision": -1, "scale": "x"},
        {"logicalType": 7},
        {"avro.java.string": "String"},
    ],
)
def test_attributes_of_a_type_are_left_out(attributes: Mapping[str, Any]) -> None:
    assert field_types(record({"type": "bytes", **attributes})) == ["bytes"]


@pytest.mark.parametrize("default", [None, "", 0, [], {}, "false"])
def test_defaults_docs_aliases_and_orders_are_left_out(default: Any) -> None:
    written = record("string", doc=7, aliases="none")
    written["fields"][0] |= {"default": default, "doc": [], "aliases": 3, "order": "upwards"}
    assert layout(written) == layout(record("string"))


def test_logical_types_of_the_records_fields_are_kept_apart() -> None:
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    written = [record(micros, ["null", micros], "long"), "null"]
    assert layout_of(WriterSchema(json.dumps(written))).logical_types == {
        "f0": "timestamp-micros",
        "f1": "timestamp-micros",
    }


def test_names_are_full_names() -> None:
    inner = {"type": "fixed", "name": "Inner", "size": 2}
    assert field_types(record(inner, "Inner", "a.b.Inner")) == [
        {**inner, "name": "a.b.Inner"},
        "a.b.Inner",
        "a.b.Inner",
    ]


def test_a_name_that_its_namespace_lacks_is_looked_for_without_one() -> None:
    outside = {"type": "fixed", "name": "Outside", "size": 2}
    assert field_types(record("Outside"), outside)[0]["size"] == 2


@pytest.mark.parametrize("namespace", ["", None])
def test_a_namespace_may_be_empty(namespace: str | None) -> None:
    inner = {"type": "record", "name": "Inner", "namespace": namespace, "fields": [{"name": "x", "type": "Leaf"}]}
    leaf = {"type": "fixed", "name": "Leaf", "size": 1}
    parse_schema(layout(record(inner), leaf))


def test_types_of_references_are_known_whatever_their_order() -> None:
    leaf = {"type": "enum", "name": "a.b.Leaf", "symbols": ["x"]}
    middle = {"type": "record", "name": "a.b.Middle", "fields": [{"name": "leaf", "type": "Leaf"}]}
    assert layout(record("Middle"), leaf, middle) == layout(record("Middle"), middle, leaf)


def test_a_recursive_type_ends() -> None:
    parse_schema(layout(record(LINK)))
    assert json.dumps(layout(record(LINK))).count('"type": "record"') < 100


def test_types_that_hold_each_other_stay_few() -> None:
    names = [f"T{number}" for number in range(8)]
    web = [
        {"type": "record", "name": name, "fields": [{"name": n, "type": ["null", n]} for n in names]} for name in names
    ]
    parse_schema(layout(record("T0"), web))


def test_a_type_used_at_several_depths_keeps_its_unqualified_name() -> None:
    leaf = {"type": "record", "name": "Leaf", "fields": [{"name": "x", "type": "int"}]}
    first, second = field_types(record(leaf, ["null", "Leaf"]))
    assert {found["name"].rpartition(".")[2] for found in (first, second[1])} == {"Leaf"}


@pytest.mark.parametrize(
    "items",
    [
        "null",
        {"type": "fixed", "name": "Nothing", "size": 0},
        {"type": "record", "name": "Nothing", "fields": [{"name": "x", "type": "null"}]},
    ],
)
def test_items_without_bytes_are_refused_as_nothing_bounds_their_number(items: Any) -> None:
    assert refusal(record({"type": "array", "items": items})) == "it has an array whose items take no bytes"


@pytest.mark.parametrize(
    ("items", "unbounded"),
    [
        ("string", False),
        (["null", "double"], False),
        ({"type": "map", "values": "double"}, False),
        ("double", True),
        ({"type": "fixed", "name": "Checksum", "size": 8}, True),
        ({"type": "record", "name": "Point", "fields": [{"name": "x", "type": "float"}]}, True),
        ({"type": "record", "name": "Point", "fields": [{"name": x, "type": x} for x in ("int", "float")]}, False),
    ],
)
def test_items_without_a_length_show_no_end(items: Any, unbounded: bool) -> None:  # noqa: FBT001  a row of the table
    written = WriterSchema(json.dumps(record({"type": "array", "items": items})))
    assert layout_of(written).unbounded is unbounded


def test_a_type_that_is_named_again_at_the_top_and_is_no_record_is_not_read() -> None:
    twice = [{"type": "fixed", "name": "Link", "size": 1}] * 2
    assert parse_schema(layout(twice)) == ["null", "null"]


def test_fields_without_bytes_are_left_out_of_what_may_be_repeated() -> None:
    item = {"type": "record", "name": "Item", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "null"}]}
    (array,) = field_types(record({"type": "array", "items": item}))
    assert [found["name"] for found in array["items"]["fields"]] == ["x"]
    assert len(field_types(record("null"))) == 1


@pytest.mark.parametrize(
    "written",
    [
        "string",
        {"type": "array", "items": "string"},
        7,
        None,
        {},
        {"type": None},
        {"type": {"type": {}}},
        record("Unknown"),
        record({"type": "record", "fields": []}),
        record({"type": "record", "name": "X", "fields": None}),
        record({"type": "record", "name": "X", "fields": [7]}),
        record({"type": "record", "name": "X", "fields": [{"name": ["x"], "type": "int"}]}),
        record({"type": "enum", "name": "X", "symbols": [None]}),
        record({"type": "enum", "name": "X"}),
        record({"type": "fixed", "name": "X", "size": -1}),
        record({"type": "fixed", "name": "X", "size": True}),
        record({"type": "fixed", "name": "X", "size": 1}, {"type": "fixed", "name": "X", "size": 2}),
        record({"type": "array"}),
        record({"type": "map", "values": 7}),
        record(*["int"] * 60_000),
    ],
)
def test_what_is_no_schema_of_records_is_refused(written: Any) -> None:
    assert refusal(written)


@pytest.mark.parametrize("text", ["", "{", "\ud800", "[" * 100_000, '{"type":' * 900 + '"int"' + "}" * 900])
def test_what_is_no_json_or_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSchema):
        layout_of(WriterSchema(text))
