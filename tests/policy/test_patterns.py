import pytest

from consumer.policy.addresses import candidates
from consumer.policy.patterns import Exhausted, exhausts, pattern_errors
from consumer.tenants import Addresses
from tests.policy.tenants import student


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


def test_an_unknown_placeholder_is_reported_with_the_choice() -> None:
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


def test_all_errors_of_a_pattern_are_reported_at_once() -> None:
    assert len(pattern_errors("{givn} {famly:3}")) == 4


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["{given}.{family}", "{given}.{family}{n}"], None),
        (["{n}{given}", "{given}"], None),
        (["{given}.{family}", "{given}.{student_id}"], None),
        (["{student_id}"], None),
        (["{registration_number}"], None),
        ([], None),
        (["{given}.{family}"], Exhausted.EVERY_NAMESAKE),
        (["{given}.{family}", "{family}.{given}", "{given_initial}{family_initial}"], Exhausted.EVERY_NAMESAKE),
        (["{given}.{family}", "{given}.{registration_number}"], Exhausted.NAMESAKES_WITHOUT_NUMBER),
    ],
)
def test_a_list_without_counter_or_id_runs_out_of_addresses(patterns: list[str], expected: Exhausted | None) -> None:
    assert exhausts(patterns) is expected


@pytest.mark.parametrize(
    "patterns",
    [
        ["{given}.{family}"],
        ["{given}{n}"],
        ["{given}.{family}", "{student_id}"],
        ["{registration_number}"],
        ["{given}", "{given}.{registration_number}"],
        [],
    ],
)
@pytest.mark.parametrize("number", [None, "7"])
def test_what_is_said_of_a_list_is_what_happens_to_the_second_namesake(patterns: list[str], number: str | None) -> None:
    addresses = Addresses(domain="school.example", patterns=tuple(patterns))
    first, second = (student(student_id=f"S-{n}", registration=number and f"{number}{n}") for n in (1, 2))
    taken = candidates(addresses, first)[0]
    left = [address for address in candidates(addresses, second) if address != taken]
    runs_out = {None: False, Exhausted.EVERY_NAMESAKE: True, Exhausted.NAMESAKES_WITHOUT_NUMBER: number is None}
    assert (not left) is runs_out[exhausts(patterns)]
