"""Whether the address patterns give everybody an address."""

import pytest

from tests.configuration.files import Files

PATTERNS = '["{given}.{family}", "{given}.{family}{n}"]'


@pytest.mark.parametrize(
    "patterns",
    [
        '["{given}.{family}"]',
        '["{given_initial}.{family}", "{family}.{given}"]',
        '["{given}.{family}", "{registration_number}"]',
    ],
)
def test_a_list_that_leaves_namesakes_without_an_address_is_reported_and_holds_no_one(
    files: Files, patterns: str
) -> None:
    line = files.replace(files.tenant, PATTERNS, patterns)
    findings = files.findings()
    (mistake,) = findings.other
    assert (mistake.place, mistake.line) == ("addresses.patterns", line)
    assert "no address to a second student of the same name" in mistake.wrong
    assert findings.unusable == {}


@pytest.mark.parametrize(
    "patterns",
    [
        '["{given}.{family}{n}"]',
        '["{student_id}"]',
        '["{given}.{family}", "{student_id}"]',
        "[]",
        '["{registration_number}"]',
    ],
)
def test_a_list_that_counts_or_tells_students_apart_is_right(files: Files, patterns: str) -> None:
    files.replace(files.tenant, PATTERNS, patterns)
    assert files.messages() == []


def test_a_list_with_a_pattern_that_cannot_be_read_is_reported_for_that_only(files: Files) -> None:
    files.replace(files.tenant, PATTERNS, '["{given}.{surname}"]')
    (message,) = files.messages()
    assert "`addresses.patterns.1`" in message


def test_renaming_where_nothing_follows_the_name_is_pointed_out(files: Files) -> None:
    line = files.replace(files.tenant, f"  patterns: {PATTERNS}", f"  rename: alias\n  patterns: {PATTERNS}")
    (notice,) = files.findings().notices
    assert f"north-high.yaml:{line}: `addresses.rename` renames no account of `north-high`" in notice
    assert files.messages() == []
