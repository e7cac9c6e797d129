import pytest

from consumer.policy.patterns import pattern_errors


@pytest.mark.parametrize(
    "pattern",
    [
        "{given}.{family}",
        "{given}.{family}{n}",
        "{given_initial}{family}-{n}",
        "{preferred}_{family_initial}",
        "s{student_id}",
        "{registration_number}",
    ],
)
def test_a_good_pattern_has_no_errors(pattern: str) -> None:
    assert pattern_errors(pattern) == []


def test_an_unknown_placeholder_is_named_with_what_was_probably_meant() -> None:
    assert pattern_errors("{givn}.{family}") == [
        "`{givn}.{family}` has an unknown placeholder {givn}: did you mean {given}?"
    ]


def test_a_placeholder_like_none_of_ours_is_told_the_choice() -> None:
    (error,) = pattern_errors("{given}.{zzz}")
    assert error.endswith(
        "use one of {given}, {family}, {preferred}, {given_initial}, {family_initial}, {student_id}, "
        "{registration_number}, {n}"
    )


@pytest.mark.parametrize("pattern", ["{given", "given}", "{{given}", "{"])
def test_a_brace_without_its_partner_is_an_error(pattern: str) -> None:
    assert "brace without its partner" in pattern_errors(pattern)[0]


@pytest.mark.parametrize("pattern", ["{given:>10}", "{given!r}", "{family!s:3}"])
def test_a_format_is_an_error(pattern: str) -> None:
    assert "takes no format" in pattern_errors(pattern)[0]


@pytest.mark.parametrize("pattern", ["{given.__class__}", "{given[0]}", "{}", "{0}", "{Given}"])
def test_nothing_but_a_plain_field_name_passes(pattern: str) -> None:
    assert "unknown placeholder" in pattern_errors(pattern)[0]


@pytest.mark.parametrize("pattern", ["{given} {family}", "{given}@{family}", "Ö{given}", "X{given}", "{given}+{n}"])
def test_text_that_an_address_cannot_hold_is_an_error(pattern: str) -> None:
    assert "can't stand in an address" in pattern_errors(pattern)[0]


@pytest.mark.parametrize("pattern", ["student", "student{n}", ""])
def test_a_pattern_that_names_nothing_of_the_student_is_an_error(pattern: str) -> None:
    assert "names nothing of the student" in pattern_errors(pattern)[0]


def test_all_errors_of_a_pattern_are_told_at_once() -> None:
    assert len(pattern_errors("{givn} {famly:3}")) == 4
