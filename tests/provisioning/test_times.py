"""How long it took until an account, a change of one, and the welcome mail: each counted once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from consumer.errors import Unavailable
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import refused
from tests.provisioning.conftest import School


def counted(school: School, metric: str) -> float:
    """How many times were observed, over all labels."""
    families = [family for family in school.metrics.registry.collect() if family.name == metric]
    return sum(sample.value for family in families for sample in family.samples if sample.name == f"{metric}_count")


async def test_an_account_is_counted_once_although_the_other_provider_is_tried_again() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.GOOGLE].next_calls("create", *[refused(Unavailable("Later."))] * 3)
    school.enrol()
    await school.work_until_settled()
    assert counted(school, "provisioner_time_to_account_seconds") == 2


async def test_the_mail_is_counted_when_it_is_accepted(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    assert counted(school, "provisioner_time_to_welcome_seconds") == 0
    school.now += timedelta(seconds=60)
    await school.work_until_settled()
    assert counted(school, "provisioner_time_to_welcome_seconds") == 1


@pytest.mark.parametrize("event", [School.suspend, School.update])
async def test_a_change_is_counted_once(enrolled: School, event: Callable[..., Disposition]) -> None:
    event(enrolled, version=2)
    await enrolled.work_until_settled()
    assert counted(enrolled, "provisioner_time_to_change_seconds") == 1
