"""One student as a whole: both providers side by side, newer events, stops, take-overs."""

import asyncio
from datetime import datetime, timedelta

from consumer.errors import Hold, Reason, Scope
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mishaps import lost_request, refused
from tests.provisioning.conftest import School


async def test_both_providers_get_an_account_and_a_mail_each() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.enrol()
    await school.work()
    assert [one["provider"] for one in school.outcomes("AccountProvisioned")] == ["microsoft", "google"]
    assert len(school.mailer.mailbox) == 2


async def test_one_providers_trouble_does_not_hold_up_the_other() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.MICROSOFT].next_calls("create", *[lost_request()] * 3)
    school.enrol()
    await school.work()
    assert [one["provider"] for one in school.outcomes("AccountProvisioned")] == ["google"]
    assert school.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    await school.work_until_settled()
    assert len(school.outcomes("AccountProvisioned")) == 2
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_replay_of_everything_does_nothing(school: School) -> None:
    school.enrol()
    await school.work()
    calls, outcomes = list(school.directory.calls), len(school.ledger.outcomes())
    assert school.enrol() is Disposition.DUPLICATE
    await school.work()
    assert (school.directory.calls, len(school.ledger.outcomes())) == (calls, outcomes)


async def test_events_that_overtake_one_another_come_to_one_account(school: School) -> None:
    for version in (3, 1, 2):
        school.enrol(version=version)
    await school.work()
    school.account()
    assert school.ledger.dispositions() == {
        "S1/3": Disposition.APPLIED,
        "S1/1": Disposition.SUPERSEDED,
        "S1/2": Disposition.SUPERSEDED,
    }


async def test_a_process_that_stops_hands_the_student_over_between_two_steps(school: School) -> None:
    school.enrol()
    school.stopping = True
    await school.work()
    assert school.directory.calls == []
    school.stopping = False
    await school.work()
    school.account()


async def test_a_worker_that_was_stopped_and_taken_over_writes_nothing_more(school: School) -> None:
    school.enrol()
    (job,) = await school.claim()
    school.now += timedelta(seconds=61)
    await school.work()
    before = len(school.ledger.outcomes())
    await school.worker().work(job)
    assert len(school.ledger.outcomes()) == before
    assert len(school.directory.accounts) == 1
    fenced = school.metrics.registry.get_sample_value("provisioner_fenced_writes_total", {"loop": "provisioning"})
    assert fenced == 1


async def test_a_creation_of_an_owner_who_was_taken_over_can_arrive_late_and_changes_nothing(school: School) -> None:
    school.directory.on_the_way = arrives = asyncio.Event()
    school.enrol()
    (job,) = await school.claim()
    stopped = asyncio.create_task(school.worker().work(job))
    await school.directory.hanging.wait()
    school.now += timedelta(seconds=61)
    await school.work()
    arrives.set()
    await stopped
    await school.work_until_settled()
    (mail,) = school.mailer.to("maria@home.example")
    assert school.account().password in mail.text
    assert len(school.directory.accounts) == 1
    assert len(school.outcomes("AccountProvisioned")) == 1


async def test_a_creation_that_arrives_before_its_successors_is_found_to_be_the_students(school: School) -> None:
    school.directory.on_the_way = arrives = asyncio.Event()
    school.directory.hides_new_accounts = True
    school.enrol()
    (job,) = await school.claim()
    stopped = asyncio.create_task(school.worker().work(job))
    await school.directory.hanging.wait()
    school.now += timedelta(seconds=61)
    arrives.set()
    await stopped
    await school.work()
    school.account().hidden = False
    await school.work_until_settled()
    (mail,) = school.mailer.to("maria@home.example")
    assert school.account().password in mail.text
    assert [one["account"]["origin"] for one in school.outcomes("AccountProvisioned")] == ["created"]


async def test_a_crash_in_any_call_leaves_one_account_and_one_working_mail() -> None:
    for operation in ("create", "assign_licences"):
        school = School()
        school.enrol()
        async with asyncio.timeout(10):
            await school.die_in(operation)
        await school.work_until_settled()
        mails = [mail for mail in school.mailer.to("maria@home.example") if school.account().password in mail.text]
        assert len(mails) == 1, operation


async def test_credentials_that_are_refused_hold_the_tenant_and_spare_the_vendor() -> None:
    school = School()
    bad = Hold("The application's secret is refused.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)
    school.directory.next_calls("find_marked", refused(bad))
    for number in range(5):
        school.enrol(f"S{number}")
    await school.work()
    assert school.directory.calls == ["find_marked"]
    await school.work_until_settled()
    assert len(school.directory.accounts) == 5


async def test_an_outcome_is_not_dated_before_what_it_tells_where_the_process_stood_still_behind_the_claim(
    school: School,
) -> None:
    school.enrol()
    claimed_at = asyncio.get_running_loop().time() - 20
    for job in await school.claim():
        await school.worker().work(job, claimed_at)
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert datetime.fromisoformat(provisioned["occurred_at"]) >= school.now + timedelta(seconds=20)


async def test_students_of_a_tenant_that_cannot_be_used_are_held_with_the_reason(school: School) -> None:
    school.fault = Hold("The tenant cannot be used.", reason=Reason.TENANT_UNUSABLE, scope=Scope.TENANT)
    school.enrol()
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.TENANT_UNUSABLE, False)
    assert school.directory.calls == []
    school.fault = None
    await school.work_until_settled()
    school.account()


async def test_a_student_whose_tenant_left_after_the_claim_is_handed_back_untouched(school: School) -> None:
    school.enrol()
    school.configured = False
    await school.work()
    assert school.directory.calls == []
    assert school.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    school.configured = True
    await school.work()
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}
