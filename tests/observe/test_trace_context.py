"""The trace that an event came with."""

import pytest

from consumer.observe.trace_context import trace_id, traceparent_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_the_header_is_found_among_others() -> None:
    assert traceparent_of([("source", b"sis"), ("traceparent", GOOD.encode())]) == GOOD


@pytest.mark.parametrize(
    "value", [None, b"", b"maria.rossi@home.example", GOOD.encode() + b"\n", GOOD.upper().encode(), b"\xff" * 55]
)
def test_anything_else_is_no_trace(value: bytes | None) -> None:
    assert traceparent_of([("traceparent", value)]) is None


def test_without_headers_there_is_none() -> None:
    assert (traceparent_of(None), traceparent_of([]), trace_id(None)) == (None, None, None)


def test_its_id_is_what_all_parts_of_a_trace_have_in_common() -> None:
    assert trace_id(GOOD) == TRACE


def test_what_is_not_of_the_form_has_no_id() -> None:
    assert trace_id("maria.rossi") is None
