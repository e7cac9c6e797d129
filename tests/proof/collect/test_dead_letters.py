"""Dead letters, read back."""

import hashlib

import pytest

from consumer.codec.dead_letters import DeadLetterReason, dead_letter_headers
from proof.collect.dead_letters import dead_letter
from proof.collect.raw import Raw
from proof.history import Headers


def test_a_dead_letter_tells_whence_it_comes_and_why() -> None:
    headers = dead_letter_headers(
        [("own", b"1")], topic="in", partition=2, offset=5, reason=DeadLetterReason.NULL_VALUE, sentence="No value."
    )
    published: Headers = tuple((name, value if isinstance(value, bytes) else None) for name, value in headers)
    read = dead_letter(Raw(("dead", 0, 0), b"k", None, published))
    assert (read.origin, read.reason, read.key) == (("in", 2, 5), "null_value", b"k")
    assert read.digest == hashlib.sha256(b"").digest()


def test_a_dead_letter_without_an_origin_is_none() -> None:
    with pytest.raises(ValueError, match="does not say where it was read"):
        dead_letter(Raw(("dead", 0, 0), b"k", None, (("provisioner-reason", b"null_value"),)))
