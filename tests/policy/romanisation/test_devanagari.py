import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("राहुल शर्मा", "rahul sharma"),
        ("प्रिया सिंह", "priya singh"),
        ("लक्ष्मी", "lakshmi"),
        ("ज्ञानेश्वर", "gyaneshvar"),
        ("छाया", "chhaya"),
        ("ज़फ़र", "zafar"),
        ("ऐश्वर्या", "aishvarya"),
    ],
)
def test_devanagari_follows_the_hunterian_system(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("राम", "ram"),
        ("आनंद", "anand"),
        ("कमला", "kamla"),
        ("कविता", "kavita"),
        ("मदनलाल", "madanlal"),
        ("कृष्ण", "krishna"),
        ("मिश्र", "mishra"),
    ],
)
def test_an_a_that_is_not_spoken_is_not_written(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(("name", "expected"), [("संजय", "sanjay"), ("अंबेडकर", "ambedkar"), ("चाँद", "chand")])
def test_a_nasal_is_m_before_labials_and_n_elsewhere(name: str, expected: str) -> None:
    assert romanised(name) == expected
