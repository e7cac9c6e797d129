"""Array literals: PostgreSQL reads them as what they were made of."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from consumer.ledger.arrays import byte_strings, numbers, texts, times

AWKWARD = [
    "plain",
    "",
    "NULL",
    '"quoted"',
    "back\\slash",
    "a,b",
    "{braces}",
    " blanks ",
    "line\nend",
    "'",
    "عائشة",
    "%s :name",
]
EARLY, LATE = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)


def read(engine: Engine, kind: str, literal: str) -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT unnest(CAST(:given AS {kind}[]))"), {"given": literal}).scalars())


@pytest.mark.parts
def test_texts_are_read_as_they_are(engine: Engine) -> None:
    assert read(engine, "text", texts(AWKWARD)) == AWKWARD


@pytest.mark.parts
def test_no_texts_are_an_empty_array(engine: Engine) -> None:
    assert read(engine, "text", texts([])) == []


@pytest.mark.parts
def test_numbers_are_read_as_they_are(engine: Engine) -> None:
    assert read(engine, "bigint", numbers([0, -1, 2**63 - 1])) == [0, -1, 2**63 - 1]


@pytest.mark.parts
def test_bytes_are_read_as_they_are(engine: Engine) -> None:
    assert read(engine, "bytea", byte_strings([b"", b"\\x00", bytes(range(256))])) == [b"", b"\\x00", bytes(range(256))]


@pytest.mark.parts
def test_times_keep_their_microseconds(engine: Engine) -> None:
    literal = times([EARLY, LATE])
    assert read(engine, "timestamptz", literal) == [EARLY, LATE]


def test_a_null_character_is_refused_rather_than_taken_for_the_end_of_a_text() -> None:
    with pytest.raises(ValueError, match="null character"):
        texts(["a\0b"])
