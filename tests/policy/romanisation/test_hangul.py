import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("길동", "gildong"),
        ("민준", "minjun"),
        ("서연", "seoyeon"),
        ("희철", "huicheol"),
        ("은혜", "eunhye"),
        ("슬옹", "seulong"),
    ],
)
def test_given_names_follow_the_revised_romanization(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(("name", "expected"), [("빛나", "bitna"), ("복남", "boknam"), ("석원", "seokwon")])
def test_sound_changes_between_syllables_are_not_written(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("김", "kim"),
        ("이", "lee"),
        ("박", "park"),
        ("최", "choi"),
        ("강", "kang"),
        ("정", "jeong"),
        ("윤", "yun"),
        ("남궁", "namgung"),
    ],
)
def test_a_surname_is_spelt_as_most_of_its_holders_spell_it(name: str, expected: str) -> None:
    assert romanised(name, surname=True) == expected


def test_the_same_syllable_in_a_given_name_follows_the_rules() -> None:
    assert romanised("이박") == "ibak"
    assert romanised("박이", surname=True) == "parki"


def test_decomposed_syllables_read_the_same() -> None:
    assert romanised("\u1107\u1175\u11be\u1102\u1161") == "bitna"
