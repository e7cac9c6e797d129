"""What this version writes, the one before can read; what either has written, this one can."""

import pytest

from consumer.ledger.port.student import StepState
from consumer.ledger.renamed import state_column, stored_state

BEFORE = {"started", "done", "failed", "held", "throttled", "unknown"}


@pytest.mark.parametrize("state", StepState)
def test_a_state_is_written_under_a_name_that_the_version_before_knows(state: StepState) -> None:
    assert state_column(state) in BEFORE
    assert stored_state(state_column(state)) is state


def test_the_new_name_can_be_read_already() -> None:
    assert stored_state("retryable") is StepState.RETRYABLE


def test_a_state_of_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="pondered"):
        stored_state("pondered")
