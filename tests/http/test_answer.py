"""What a body is, whatever was sent."""

import pytest

from consumer.http.answer import Answer


def test_an_object_is_read_with_or_without_a_byte_order_mark() -> None:
    assert Answer(200, {}, b'\xef\xbb\xbf{"a": 1}').json() == {"a": 1}
    assert Answer(200, {}, b'{"a": 1}').json() == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>", b'{"id": "1', b"[1]", b'"Forbidden"', b"\xff\xfe", b"[" * 100_000])
def test_whatever_is_no_object_is_read_as_an_empty_one(body: bytes) -> None:
    assert Answer(200, {}, body).json() == {}


def test_a_body_is_never_shown_by_accident() -> None:
    assert "secret" not in repr(Answer(200, {}, b'{"password": "secret"}'))


def test_the_vendors_name_for_the_call_is_known_where_it_has_the_form_of_one() -> None:
    request_id = "b0ec2b5d-2c5e-4b7a-9d39-4f1d3f0a2a11"
    assert Answer(400, {"request-id": request_id}).request_id == request_id
    assert Answer(400, {"request-id": "Maria Rossi, maria@x.example, 36 char"}).request_id is None
    assert Answer(400).request_id is None
