"""The specification's rules of schema resolution, as the simulated registry applies them."""

from typing import Any

import pytest

from sandbox.simulators.compatibility import reasons_against


def record(*types: Any, name: str = "x.R") -> dict[str, Any]:
    fields = [{"name": f"f{number}", "type": inner} for number, inner in enumerate(types)]
    return {"type": "record", "name": name, "fields": fields}


LINK = record(["null", "x.R"], "int")


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        (record("long"), record("int")),
        (record(), record("int")),
        (record("int"), record("int", name="y.R")),
        (record(["null", "string"]), record("string")),
        (LINK, LINK),
    ],
)
def test_what_resolution_reads_is_compatible(reader: Any, writer: Any) -> None:
    assert reasons_against(reader=reader, writer=writer) == []


@pytest.mark.parametrize(
    ("reader", "writer", "where"),
    [
        (record("int"), record("long"), "/f0/: long can't be read as int"),
        (record("int"), record(), "/f0: the reader's field has no default"),
        (record(name="x.S"), record(), "/: the record x.R can't be read as x.S"),
        (LINK, record(["null", "x.R"], "string"), "/f1/: string can't be read as int"),
        (
            record({"type": "fixed", "name": "F", "size": 2}),
            record({"type": "fixed", "name": "F", "size": 3}),
            "/f0/: 3 bytes can't be read as 2",
        ),
    ],
)
def test_what_resolution_does_not_read_has_its_place_named(reader: Any, writer: Any, where: str) -> None:
    (reason,) = reasons_against(reader=reader, writer=writer)
    assert reason.startswith(where)
