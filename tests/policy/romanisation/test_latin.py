import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("language", "name", "expected"),
    [
        ("de", "Jürgen Weiß-Größler", "juergen weiss groessler"),
        ("da", "Søren Kjær", "soeren kjaer"),
        ("nb", "Åse Ødegård", "aase oedegaard"),
        ("sv", "Björn Åström", "bjoern aastroem"),
        ("fi", "Hämäläinen", "haemaelaeinen"),
    ],
)
def test_german_and_nordic_letters_are_written_with_two(language: str, name: str, expected: str) -> None:
    assert romanised(name, language) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Đặng Thị Ngọc", "dang thi ngoc"),
        ("Ġorġ Ħamrun", "gorg hamrun"),
        ("Żejtun", "zejtun"),
        ("İlknur Işık", "ilknur isik"),
        ("Müller Größe", "muller grosse"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("Þórður", "thordur"),
        ("Ærø", "aero"),
    ],
)
def test_all_others_lose_their_marks(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "tags", "country", "expected"),
    [
        ("Müller", ["en"], "AT", "mueller"),
        ("Gül", ["tr"], "DE", "gul"),
        ("Gül Şahin", ["de"], "DE", "gul sahin"),
        ("Müller", ["en"], "US", "muller"),
    ],
)
def test_the_language_decides_and_not_the_letter(name: str, tags: list[str], country: str, expected: str) -> None:
    assert romanised(name, *tags, country=country) == expected
