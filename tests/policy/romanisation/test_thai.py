import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ใจดี", "chaidi"),
        ("แก้ว", "kaew"),
        ("โสภา", "sopha"),
        ("เปรม", "prem"),
        ("ไพลิน", "phailin"),
        ("ไกร", "krai"),
        ("ແກ້ວ", "kev"),
    ],
)
def test_a_vowel_written_before_its_consonant_is_read_after_it(name: str, expected: str) -> None:
    assert romanised(name) == expected
