"""I19: what the processes counted."""

import pytest

from proof.checker import check
from tests.proof.histories import Story

METRICS = """
provisioner_settled_total{tenant="north",disposition="applied"} 1.0
provisioner_published_total{topic="provisioned"} 1.0
provisioner_published_total{topic="welcome"} 1.0
"""


def test_metrics_agree_with_the_ledger() -> None:
    story = Story()
    story.other |= {"whole": True, "metrics": METRICS}
    assert story.broken() == []


@pytest.mark.parametrize("metrics", [METRICS.replace("applied", "failed"), METRICS + METRICS])
def test_metrics_that_count_otherwise_are_wrong(metrics: str) -> None:
    story = Story()
    story.other |= {"whole": True, "metrics": metrics}
    assert story.broken() == ["I19"]


def test_metrics_of_processes_that_died_prove_nothing() -> None:
    story = Story().faulty()
    story.other |= {"whole": True, "metrics": METRICS + METRICS}
    assert check(story.history()).looked["I19"] == 0
    assert story.broken() == []
