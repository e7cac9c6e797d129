import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("王", "wang"),
        ("曾", "zeng"),
        ("单", "shan"),
        ("單", "shan"),
        ("仇", "qiu"),
        ("解", "xie"),
        ("查", "zha"),
        ("朴", "piao"),
    ],
)
def test_surnames_have_readings_of_their_own(name: str, expected: str) -> None:
    assert romanised(name, surname=True) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("欧阳", "ouyang"),
        ("尉迟", "yuchi"),
        ("万俟", "moqi"),
        ("澹台", "tantai"),
        ("单于", "chanyu"),
        ("诸葛", "zhuge"),
    ],
)
def test_surnames_of_two_characters(name: str, expected: str) -> None:
    assert romanised(name, surname=True) == expected


def test_the_readings_of_surnames_are_for_surnames_alone() -> None:
    assert romanised("单解", surname=True) == "shanjie"
    assert romanised("解单") == "jiedan"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("吕", "lyu"), ("呂", "lyu"), ("略", "lyue"), ("卢", "lu"), ("女", "nyu"), ("努", "nu"), ("小明", "xiaoming")],
)
def test_pinyin_is_the_passport_s(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize("language", ["ja", "ko", "ja-JP"])
def test_characters_that_are_not_read_as_chinese_are_left_out(language: str) -> None:
    assert romanised("山田", language) == ""
    assert romanised("木ノ下 さくら", language) == "sakura"


@pytest.mark.parametrize(("country", "expected"), [("JP", ""), ("CN", "shantian"), ("DE", "shantian")])
def test_the_tenant_s_country_decides_where_the_student_s_language_does_not(country: str, expected: str) -> None:
    assert romanised("山田", "en", country=country) == expected


def test_a_chinese_student_in_japan_is_read_as_chinese() -> None:
    assert romanised("王", "zh-CN", country="JP", surname=True) == "wang"


def test_kana_beside_the_characters_say_that_they_are_japanese() -> None:
    assert romanised("山田 はなこ") == "hanako"
