import re

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from consumer.policy.romanisation import Romaniser
from tests.policy.romanisation.names import romanised

LANGUAGES = st.lists(
    st.sampled_from(["ru", "uk", "be", "bg", "sr", "mk", "fa", "ja", "ko", "zh", "de", "tr", "en"]), max_size=3
)
LETTERS = st.characters(
    exclude_categories=("Cs",),
    include_characters="Ἑᾨΰђѓїъўև并山さっんー빛힣ßÅİığ\u0301\u0308\u0345'’-. ",
)
BLOCKS = [
    *((0x20, 0x24F), (0x370, 0x3FF), (0x1F00, 0x1FFF), (0x400, 0x52F)),  # Latin, Greek, polytonic, Cyrillic
    *(
        (0x530, 0x58F),
        (0x590, 0x6FF),
        (0x900, 0xE7F),
        (0x10A0, 0x10FF),
    ),  # Armenian, Hebrew and Arabic, Indic and Thai, Georgian
    *(
        (0x1100, 0x11FF),
        (0x3040, 0x30FF),
        (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3),
        (0xFF00, 0xFFEF),
    ),  # jamo, kana, Han, Hangul, wide
]
SCRIPTS = st.sampled_from(BLOCKS).flatmap(
    lambda block: st.text(st.characters(min_codepoint=block[0], max_codepoint=block[1]), max_size=12)
)
NAMES = st.one_of(st.text(LETTERS, max_size=20), SCRIPTS)


@for_all(NAMES, NAMES, LANGUAGES)
def test_any_name_gives_words_of_letters_and_digits_or_none(given: str, family: str, languages: list[str]) -> None:
    romaniser = Romaniser.of([given, family], languages)
    words = (*romaniser.words(given), *romaniser.words(family, surname=True))
    assert all(re.fullmatch("[a-z0-9]+", word) for word in words)


@for_all(NAMES, LANGUAGES)
def test_what_is_romanised_stays_as_it_is(name: str, languages: list[str]) -> None:
    for surname in (False, True):
        once = Romaniser.of([name], languages).words(name, surname=surname)
        again = "-".join(once)
        assert Romaniser.of([again], languages).words(again, surname=surname) == once


@for_all(NAMES, LANGUAGES)
def test_upper_and_lower_case_read_the_same_where_the_script_has_both(name: str, languages: list[str]) -> None:
    if name.lower().upper().lower() == name.lower():
        upper = name.lower().upper()
        assert romanised(upper, *languages) == romanised(name.lower(), *languages)


def test_the_names_of_one_student_are_read_in_one_language() -> None:
    romaniser = Romaniser.of(["Григорий", "Київський"])
    assert romaniser.words("Григорий") == ("hryhoryi",)
    assert Romaniser.of(["Григорий"]).words("Григорий") == ("grigorii",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("დავით ბერიძე", "davit beridze"), ("משה", "msh"), ("Дмитро O'Neill", "dmitro oneill")],
)
def test_scripts_without_a_module_are_read_letter_by_letter(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize("name", ["O'Neill", "O’Neill", "OʼNeill", "O`Neill", "O´Neill", "o'NEILL"])
def test_an_apostrophe_of_any_shape_joins(name: str) -> None:
    assert romanised(name) == "oneill"


@pytest.mark.parametrize(
    "name", ["Anne-Marie", "Anne‑Marie", "Anne Marie", " Anne \u00a0Marie ", "Anne.Marie", "Anne\tMarie"]
)
def test_blanks_hyphens_and_stops_part(name: str) -> None:
    assert romanised(name) == "anne marie"


@pytest.mark.parametrize("name", ["", "   ", "😀", "-", "'", "\u202e\u200d", "€$", "..."])
def test_what_cannot_be_read_aloud_gives_no_words(name: str) -> None:
    assert romanised(name) == ""
