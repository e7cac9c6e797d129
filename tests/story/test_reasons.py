"""Every reason and everything that is stored has its words."""

from collections.abc import Iterable, Mapping

import pytest

from consumer.errors import Reason
from consumer.events import Provider, ProviderAction, StepName
from consumer.ledger.acts import ActKind
from consumer.ledger.port.student import StepState
from consumer.providers.names import PROVIDER_NAMES
from consumer.story.reasons import EXPLANATIONS
from consumer.story.words import ACTIONS, ACTS, STATES, STEPS


def test_every_reason_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Reason)


@pytest.mark.parametrize(
    ("words", "known"),
    [(PROVIDER_NAMES, Provider), (ACTIONS, ProviderAction), (STEPS, StepName), (STATES, StepState), (ACTS, ActKind)],
    ids=["providers", "actions", "steps", "states", "acts"],
)
def test_everything_that_is_stored_has_a_name(words: Mapping[str, str], known: Iterable[str]) -> None:
    assert set(words) == set(known)
