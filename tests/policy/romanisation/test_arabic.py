import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("محمد", "mhmd"),
        ("محمود", "mhmud"),
        ("أحمد", "ahmd"),
        ("سعيد", "said"),
        ("فاطمة", "fatma"),
        ("علي", "ali"),
        ("إبراهيم", "ibrahim"),
        ("ياسمين", "yasmin"),
        ("مروان", "mrwan"),
        ("عائشة", "aisha"),
        ("ليلى", "lila"),
        ("العلي", "alali"),
        ("عبد الله", "abd allh"),
    ],
)
def test_vowels_that_are_written_are_read(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("فاطمه", "fatmeh"), ("رضا", "rza"), ("موسوی", "musvi"), ("پروین", "prvin"), ("شاه", "shah"), ("جواد", "jvad")],
)
def test_persian_reads_some_letters_in_its_own_way(name: str, expected: str) -> None:
    assert romanised(name, "fa") == expected
