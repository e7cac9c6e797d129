"""Names that have changed, as the columns have them. The version before runs beside this one during an upgrade and must read what
this one writes. So this version reads both names and writes the old one; the next may write the new one, and the one after forget the old.
"""

from consumer.ledger.port.student import StepState

_OLD = "throttled"
"""RETRYABLE, up to 0.1."""


def state_column(state: StepState) -> str:
    """As `step.state` has it."""
    return _OLD if state is StepState.RETRYABLE else state.value


def stored_state(column: str) -> StepState:
    """Raises ValueError for a state that this version does not know."""
    return StepState.RETRYABLE if column == _OLD else StepState(column)
