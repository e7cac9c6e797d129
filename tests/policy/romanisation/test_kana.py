import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("じゅんこ", "junko"),
        ("ジュンコ", "junko"),
        ("ｼﾞｭﾝｺ", "junko"),
        ("ちづる", "chizuru"),
        ("つよし ふじもと", "tsuyoshi fujimoto"),
        ("ヴィヴィアン", "bibian"),
        ("チェルシー", "cherushi"),
    ],
)
def test_kana_follow_hepburn(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ようこ", "yoko"),
        ("ゆうき", "yuki"),
        ("おおの", "ono"),
        ("おおおか", "ooka"),
        ("さいとう", "saito"),
        ("りょうたろう", "ryotaro"),
        ("ニーナ", "nina"),
        ("しいな", "shiina"),
        ("けいこ", "keiko"),
        ("せのお", "senoo"),
        ("みねう", "mineu"),
    ],
)
def test_long_vowels_are_not_written_but_a_last_o_is(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("いのうえ", "inoue"), ("まつうら", "matsuura"), ("こうちわ", "kouchiwa")]
)
def test_a_vowel_that_begins_the_second_part_of_a_name_is_written(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("なんば", "namba"), ("ほんま", "homma"), ("さんぺい", "sampei"), ("かんだ", "kanda"), ("しんや", "shinya")],
)
def test_n_is_m_before_b_m_and_p(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("はっとり", "hattori"), ("てっぺい", "teppei"), ("ほっち", "hotchi"), ("はっちょう", "hatcho"), ("あっ", "a")],
)
def test_a_small_tsu_doubles_the_consonant(name: str, expected: str) -> None:
    assert romanised(name) == expected
