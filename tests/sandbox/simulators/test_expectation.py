import pytest

from sandbox.simulators.expectation import APPLIED, APPLIED_OR_SUPERSEDED, Expectation, Fate

LETTER = Expectation.only(Fate.DEAD_LETTER, "undecodable")


def test_any_of_its_fates_meets_it_and_no_other() -> None:
    assert APPLIED_OR_SUPERSEDED.met_by(Fate.SUPERSEDED)
    assert not APPLIED.met_by(Fate.SUPERSEDED)


def test_a_reason_must_match_where_one_is_given() -> None:
    assert LETTER.met_by(Fate.DEAD_LETTER)
    assert LETTER.met_by(Fate.DEAD_LETTER, "undecodable")
    assert not LETTER.met_by(Fate.DEAD_LETTER, "null_value")


@pytest.mark.parametrize(
    ("expectation", "words"),
    [(APPLIED_OR_SUPERSEDED, "applied or superseded"), (LETTER, "dead_letter (undecodable)")],
)
def test_it_is_said_in_words(expectation: Expectation, words: str) -> None:
    assert str(expectation) == words
