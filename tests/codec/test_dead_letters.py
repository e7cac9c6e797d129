"""The headers of a dead letter: what they say of it, and how the record's own are got back."""

from consumer.codec.dead_letters import (
    OMITTED_HEADER,
    REPLAYED_HEADER,
    DeadLetterReason,
    Headers,
    Marks,
    dead_letter_headers,
    marks_of,
    original_headers,
)

OWN = [("traceparent", b"00-1"), ("empty", None)]


def letter(original: Headers | None = None) -> list[tuple[str, bytes | None]]:
    """The headers as they are read back."""
    written = dead_letter_headers(
        original,
        topic="events",
        partition=4,
        offset=1021,
        reason=DeadLetterReason.UNLISTED_STATUS,
        sentence="No row is for it.",
    )
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in written]


def test_they_say_where_the_record_came_from_and_why_it_is_there() -> None:
    marks = marks_of(letter(OWN))
    assert (marks.topic, marks.partition, marks.offset) == ("events", 4, 1021)
    assert (marks.reason, marks.sentence) == ("unlisted_status", "No row is for it.")


def test_the_records_own_headers_come_back_as_they_were() -> None:
    assert original_headers(letter(OWN)) == OWN


def test_a_letter_of_a_record_that_was_replayed_says_of_which() -> None:
    again = letter([*OWN, (REPLAYED_HEADER, b"0/7")])
    assert marks_of(again).replayed == "0/7"
    assert original_headers(again) == OWN


def test_the_size_and_digest_of_a_value_that_was_not_kept_are_read() -> None:
    digest = "ab" * 32
    marks = marks_of([*letter(), (OMITTED_HEADER, f"2000000 bytes, sha-256 {digest}".encode())])
    assert marks.omitted == (2_000_000, digest)


def test_headers_of_others_say_nothing() -> None:
    assert marks_of(None) == Marks()
    forged = [("__connect.errors.partition", b"-1"), ("__connect.errors.offset", b"9" * 40), (OMITTED_HEADER, b"much")]
    assert marks_of(forged) == Marks()


def test_where_a_record_brings_such_headers_itself_ours_count() -> None:
    assert marks_of(letter([("__connect.errors.topic", b"elsewhere")])).topic == "events"
