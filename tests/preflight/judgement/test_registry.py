"""How schemas stand with the registry means for a check."""

import pytest

from consumer.codec.registration import Standing, SubjectReport
from consumer.preflight.judgement.registry import of_subjects, of_unreachable
from consumer.settings import Topics

TOPICS = Topics()
OURS, INPUT = "account-provisioned-value", "student-status-changed-value"


@pytest.mark.parametrize(
    ("report", "right"),
    [
        (SubjectReport(OURS, Standing.REGISTERED, 1), None),
        (SubjectReport(OURS, Standing.NEW), "provisioner schemas register"),
        (SubjectReport(OURS, Standing.INCOMPATIBLE, messages=("a field is missing",)), "topic of its own"),
        (SubjectReport(INPUT, Standing.NEW), None),
        (SubjectReport(INPUT, Standing.INCOMPATIBLE), None),
    ],
)
def test_our_outcomes_schemas_are_registered_and_the_input_s_is_its_writer_s_matter(
    report: SubjectReport, right: str | None
) -> None:
    found = list(of_subjects([report], TOPICS))
    assert len(found) == (1 if right else 0)
    assert all(right is not None and right in one.right for one in found)


@pytest.mark.parametrize(
    ("code", "word"),
    [("401", "credentials"), ("403", "credentials"), ("500", "not reachable"), (None, "not reachable")],
)
def test_a_registry_that_refuses_is_distinguished_from_one_that_is_unavailable(code: str | None, word: str) -> None:
    assert word in of_unreachable("why", code=code).wrong
