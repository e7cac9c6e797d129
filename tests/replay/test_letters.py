"""Dead letters: what is shown of one, and the record that it was."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from consumer.codec.dead_letters import OMITTED_HEADER, REPLAYED_HEADER
from consumer.replay.letters import notes_of, original_of
from tests.codec.conftest import event, written
from tests.replay.letters import KEY, StoredLetter, letter

VALUE = written(event())
OWN = [("traceparent", b"00-1"), ("empty", None)]


def test_it_is_shown_with_its_place_its_time_and_where_its_record_came_from() -> None:
    notes = notes_of(letter(VALUE))
    assert (notes.partition, notes.offset, notes.at) == (0, 1042, datetime(2026, 9, 1, 7, tzinfo=UTC))
    assert (notes.topic_before, notes.partition_before, notes.offset_before) == ("events", 4, 1021)
    assert (notes.reason, notes.sentence, notes.tenant_id) == ("unlisted_status", "No row is for it.", "north-high")


def test_of_the_value_the_size_the_digest_and_the_schema_are_shown() -> None:
    notes = notes_of(letter(VALUE))
    assert (notes.value_bytes, notes.value_sha256) == (len(VALUE), sha256(VALUE).hexdigest())
    assert (notes.schema, notes.key_bytes, notes.value_kept) == ("1", len(KEY), True)


def test_nothing_of_a_person_is_shown() -> None:
    shown = repr(notes_of(letter(VALUE)))
    assert [word for word in ("Ελένη", "O'Neill", "home.example", "S1") if word in shown] == []


@pytest.mark.parametrize("key", [None, b"", b"maria@home.example", b"maria rossi/S1", b"\xff/S1"])
def test_a_key_of_another_form_names_no_tenant(key: bytes | None) -> None:
    assert notes_of(replace(letter(VALUE), sent_key=key)).tenant_id is None


def test_its_record_is_as_it_was() -> None:
    original = original_of(letter(VALUE, OWN))
    assert original is not None
    assert (original.origin, original.value(), original.key()) == (("events", 4, 1021), VALUE, KEY)
    assert original.headers() == OWN


def test_a_record_without_a_value_is_none_either() -> None:
    original = original_of(letter(None))
    assert original is not None
    assert original.value() is None


def test_a_record_that_was_sent_in_again_says_from_which_letter() -> None:
    again = letter(VALUE, [*OWN, (REPLAYED_HEADER, b"0/7")])
    original = original_of(again)
    assert original is not None
    assert (notes_of(again).replay_of, original.headers()) == ("0/7", OWN)


def test_one_whose_value_was_not_kept_has_its_size_and_no_record() -> None:
    digest = "ab" * 32
    whole = letter(None)
    large = replace(whole, sent_headers=[*whole.headers(), (OMITTED_HEADER, f"7 bytes, sha-256 {digest}".encode())])
    notes = notes_of(large)
    assert (notes.value_bytes, notes.value_sha256, notes.value_kept) == (7, digest, False)
    assert original_of(large) is None


def test_what_others_wrote_to_the_topic_is_shown_as_far_as_it_goes() -> None:
    foreign = StoredLetter(b"hello", None, None, at=(0, -1))
    notes = notes_of(foreign)
    assert (notes.at, notes.reason, notes.topic_before, notes.value_bytes) == (None, None, None, 5)
    assert original_of(foreign) is None
