"""Each step of a plan has its module."""

from consumer.policy.plan import PlannedStep
from consumer.provisioning.steps.catalogue import STEPS


def test_every_planned_step_can_be_taken() -> None:
    assert STEPS.keys() == set(PlannedStep)
