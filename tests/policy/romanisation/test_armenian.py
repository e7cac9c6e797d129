import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Թումանյան", "tumanyan"),
        ("Հովհաննիսյան", "hovhannisyan"),
        ("Մկրտչյան", "mkrtchyan"),
        ("Խաչատրյան", "khachatryan"),
        ("Ղազարյան", "ghazaryan"),
        ("Ռոբերտ Քոչարյան", "robert kocharyan"),
        ("Ծովինար", "tsovinar"),
        ("Ջանիբեկյան", "janibekyan"),
        ("ԱՇՈՏ", "ashot"),
    ],
)
def test_armenian_follows_bgn_pcgn_1981(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Եղիազարյան", "yeghiazaryan"),
        ("Սերգեյ", "sergey"),
        ("Ոսկան", "voskan"),
        ("Ովսաննա", "ovsanna"),
        ("Գևորգ", "gevorg"),
        ("Գեւորգ", "gevorg"),
        ("ԳԵՎՈՐԳ", "gevorg"),
        ("Երևանցի", "yerevantsi"),
        ("Ուլիխանյան", "ulikhanyan"),
    ],
)
def test_some_letters_depend_on_their_place(name: str, expected: str) -> None:
    assert romanised(name) == expected
