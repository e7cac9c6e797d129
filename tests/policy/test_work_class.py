"""What overtakes what."""

from consumer.events import ProviderAction
from consumer.policy.work_class import WorkClass, of_action


def test_a_suspension_is_urgent() -> None:
    assert of_action(ProviderAction.SUSPEND_ACCOUNT) is WorkClass.URGENT


def test_a_creation_is_not() -> None:
    assert of_action(ProviderAction.CREATE_ACCOUNT) is WorkClass.NORMAL


def test_urgent_work_comes_first() -> None:
    assert min(WorkClass) is WorkClass.URGENT
