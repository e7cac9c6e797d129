"""docs/addresses.md says what names become: each row is held against the code, and against what the vendors accept."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from consumer.events import Student
from consumer.policy.addresses import candidates
from consumer.policy.reserved import is_reserved
from consumer.tenants import Addresses

PAGE = Path(__file__).parents[2] / "docs/addresses.md"
SCHOOL = Addresses(domain="school.example", patterns=("{given}.{family}",))

_HEADING = re.compile(r"### .+ \(`(?P<language>[a-z]{2})`\)")
_ROW = re.compile(r"\| (?P<given>[^|]+) \| (?P<family>[^|]+) \| `(?P<address>[^`]+)` \|")


class Row(NamedTuple):
    language: str
    given: str
    family: str
    address: str


def _rows() -> Iterator[Row]:
    language = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            language = heading["language"]
        elif row := _ROW.fullmatch(line):
            yield Row(language, row["given"], row["family"], row["address"])


ROWS = list(_rows())
LANGUAGES = sorted({row.language for row in ROWS})


def test_the_page_has_ten_names_in_each_of_25_languages() -> None:
    assert Counter(Counter(row.language for row in ROWS).values()) == {10: 25}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_name_becomes_what_the_page_says(language: str) -> None:
    rows = [row for row in ROWS if row.language == language]
    assert [row._replace(address=_given(row)) for row in rows] == rows


def _given(row: Row) -> str:
    student = Student(student_id="1", given_name=row.given, family_name=row.family, preferred_language=row.language)
    return candidates(SCHOOL, student)[0].removesuffix("@school.example")


def test_no_two_names_have_the_same_address() -> None:
    assert len({row.address for row in ROWS}) == len(ROWS)


def test_both_vendors_accept_each_address() -> None:
    # Entra: letters, digits and ' . - _ ! # ^ ~, at most 64 characters, no dot at the end (MSDOCS user-post-users, naming of UPNs).
    entra = re.compile(r"[A-Za-z0-9'.\-_!#^~]{0,63}[A-Za-z0-9'\-_!#^~]")
    # Google: letters, digits and - _ ' ., at most 64, no dot at either end and no two in a row (support.google.com/a/answer/9193374).
    google = re.compile(r"(?=.{1,64}$)[a-z0-9_'-]+(\.[a-z0-9_'-]+)*")
    assert [row for row in ROWS if not (entra.fullmatch(row.address) and google.fullmatch(row.address))] == []
    assert [row for row in ROWS if is_reserved(row.address)] == []


def test_each_address_has_the_words_of_the_name_in_its_order() -> None:
    parts = [(row.given, row.address.partition(".")[0]) for row in ROWS]
    parts += [(row.family, row.address.partition(".")[2]) for row in ROWS]
    assert [(name, words) for name, words in parts if len(re.split("[ -]", name)) != len(words.split("-"))] == []
    assert [words for _, words in parts if not re.fullmatch("[a-z]+(-[a-z]+)*", words)] == []
