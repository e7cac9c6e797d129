import pytest

from consumer.events import Provider
from consumer.policy.profile import Names, ProfilePart, names, profile
from tests.policy.tenants import student


def test_names_are_kept_as_they_are_written() -> None:
    assert names(Provider.MICROSOFT, student("Μαρία", "O’Neill")) == Names("Μαρία", "O’Neill", "Μαρία O’Neill")


def test_the_display_name_uses_the_preferred_name() -> None:
    assert names(Provider.MICROSOFT, student("Konstantinos", "Vella", preferred="Kostas")) == Names(
        "Konstantinos", "Vella", "Kostas Vella"
    )


@pytest.mark.parametrize(("given", "family"), [("Sukarno", ""), ("", "Sukarno")])
def test_google_is_given_a_one_word_name_twice_and_shows_it_once(given: str, family: str) -> None:
    assert names(Provider.GOOGLE, student(given, family)) == Names("Sukarno", "Sukarno", "Sukarno")


def test_microsoft_takes_a_one_word_name_as_it_is() -> None:
    assert names(Provider.MICROSOFT, student("", "Sukarno")) == Names("", "Sukarno", "Sukarno")


def test_a_student_without_any_name_goes_by_the_id() -> None:
    assert names(Provider.MICROSOFT, student("", " ", student_id="S-1")) == Names("", "", "S-1")
    assert names(Provider.GOOGLE, student("", " ", student_id="S-1")) == Names("S-1", "S-1", "S-1")


def test_controls_and_direction_marks_are_dropped_and_blanks_made_single() -> None:
    assert (
        names(Provider.MICROSOFT, student("Ma\u202eria \u00a0 Anna", "\u2068Borg\u200b")).display == "Maria Anna Borg"
    )


def test_joiners_that_belong_to_the_spelling_stay() -> None:
    assert names(Provider.MICROSOFT, student("علی\u200cرضا", "")).given == "علی\u200cرضا"


@pytest.mark.parametrize(("provider", "limit"), [(Provider.MICROSOFT, 64), (Provider.GOOGLE, 40)])
def test_names_are_cut_to_what_the_provider_holds(provider: Provider, limit: int) -> None:
    cut = names(provider, student("a" * 200, "b" * 200))
    assert (len(cut.given), len(cut.family)) == (limit, limit)
    assert len(cut.display) == 200  # at most 256, and cut at the blank


def test_a_cut_falls_between_words_where_that_keeps_half() -> None:
    assert names(Provider.GOOGLE, student("Maria Assunta Concetta Benedetta Carmela Josephine", "Borg")).given == (
        "Maria Assunta Concetta Benedetta Carmela"
    )
    assert names(Provider.GOOGLE, student("Maria Assunta Concettina Benedetta Carmela", "Borg")).given == (
        "Maria Assunta Concettina Benedetta"
    )


def test_letters_keep_their_marks_and_count_as_graph_counts() -> None:
    assert names(Provider.GOOGLE, student("x" + "q\u0323" * 30, "Borg")).given == "x" + "q\u0323" * 19
    assert names(Provider.GOOGLE, student("𐐷" * 30, "Borg")).given == "𐐷" * 20


def test_a_name_of_marks_alone_is_cut_too() -> None:
    assert 1 <= len(names(Provider.GOOGLE, student("\u0323" * 100, "Borg")).given) <= 40


def test_what_an_account_says_is_what_its_creation_wrote() -> None:
    maria = student("Maria", "Rossi", preferred="Mimi")
    assert profile(Provider.MICROSOFT, maria) == {
        ProfilePart.GIVEN_NAME: "Maria",
        ProfilePart.FAMILY_NAME: "Rossi",
        ProfilePart.DISPLAY_NAME: "Mimi Rossi",
        ProfilePart.PREFERRED_LANGUAGE: maria.preferred_language,
    }


def test_a_part_that_is_empty_says_nothing() -> None:
    assert profile(Provider.MICROSOFT, student("Sukarno", ""))[ProfilePart.FAMILY_NAME] is None


def test_google_has_no_display_name_of_its_own() -> None:
    assert ProfilePart.DISPLAY_NAME not in profile(Provider.GOOGLE, student("Maria", "Rossi"))
