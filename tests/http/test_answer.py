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
