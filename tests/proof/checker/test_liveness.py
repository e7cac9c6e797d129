"""I15: all comes to rest, in time."""

from dataclasses import replace

import pytest

from tests.proof.histories import START, Story


@pytest.mark.parametrize("quiet_at", [None, START + 901])
def test_all_comes_to_rest_in_time(quiet_at: float | None) -> None:
    story = Story()
    story.other["quiet_at"] = quiet_at
    assert story.broken() == ["I15"]


@pytest.mark.parametrize(("spared", "broken"), [(frozenset({"north"}), ["I15"]), (frozenset[str](), list[str]())])
def test_whom_no_fault_was_aimed_at_does_not_wait_for_it(spared: frozenset[str], broken: list[str]) -> None:
    story = Story()
    story.changes[-1] = replace(story.changes[-1], at=START + 60)
    story.other["spared"] = spared
    assert story.broken() == broken
