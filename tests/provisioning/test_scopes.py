"""A refusal makes those wait whom it affects; once the cause is removed, they continue without help."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from consumer.errors import Hold, Reason, Scope
from consumer.ledger.port.inbox import Disposition
from consumer.tenants import Announce
from testbed.fakes.mishaps import refused
from tests.provisioning.conftest import TENANT, School
from tests.provisioning.steps.test_grants import GROUP, SKU

IN_THE_GROUP, ELSEWHERE = {"grade": "7"}, {"grade": "9"}


def group_refused(*, code: str = "403 Authorization_RequestDenied") -> Hold:
    return Hold("The group cannot be changed.", reason=Reason.GROUP_REFUSED, scope=Scope.RESOURCE, code=code)


def unrecognised(code: str = "400 Request_BadRequest: something new") -> Hold:
    return Hold("Unexpected response (HTTP 400).", reason=Reason.UNEXPECTED_ANSWER, code=code)


def reported(school: School) -> Sequence[tuple[str, str]]:
    return [(one["student_id"], one["reason"]) for one in school.outcomes("AccountProvisioningFailed")]


async def work_one_by_one(school: School) -> None:
    """As one process works its students, so that the later ones know what the first has met."""
    worker = school.worker()
    for job in await school.claim():
        await worker.work(job)


async def test_a_group_that_refuses_holds_those_who_need_it_and_no_one_else(school: School) -> None:
    school.directory.next_calls("add_to_group", refused(group_refused()))
    for number in range(4):
        school.enrol(f"S{number}", attributes=IN_THE_GROUP if number < 3 else ELSEWHERE)
    await work_one_by_one(school)
    assert school.directory.calls.count("add_to_group") == 1
    assert school.ledger.dispositions() == {
        "S0/1": Disposition.PENDING,
        "S1/1": Disposition.PENDING,
        "S2/1": Disposition.PENDING,
        "S3/1": Disposition.APPLIED,
    }


async def test_a_refusal_of_creations_holds_those_who_need_an_account_and_no_one_who_leaves(school: School) -> None:
    school.enrol("S0")
    await school.work_until_settled()
    full = Hold("The user limit is reached.", reason=Reason.LICENCES_EXHAUSTED, scope=Scope.OPERATION, code="412")
    school.directory.next_calls("create", refused(full))
    school.enrol("S1")
    school.enrol("S2")
    await work_one_by_one(school)
    school.directory.calls.clear()
    school.enrol("S3")
    school.suspend("S0", version=2)
    await work_one_by_one(school)
    assert not school.account("S0").found.enabled
    assert "find_marked" not in school.directory.calls
    await school.work_until_settled()
    assert set(school.ledger.dispositions().values()) == {Disposition.APPLIED}


async def test_a_group_that_is_mended_is_given_to_all_who_waited(school: School) -> None:
    school.directory.next_calls("add_to_group", refused(group_refused()))
    for number in range(3):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    await school.work_until_settled()
    assert [school.account(f"S{number}").groups for number in range(3)] == [[GROUP]] * 3


async def test_behind_a_refused_group_accounts_are_announced_and_welcomed_without_it(school: School) -> None:
    school.directory.next_calls("add_to_group", refused(group_refused()))
    for number in range(3):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    assert [one["groups"] for one in school.outcomes("AccountProvisioned")] == [[], [], []]
    assert len(school.mailer.mailbox) == 3


async def test_what_was_announced_without_a_group_is_announced_again_when_it_has_it(school: School) -> None:
    school.directory.next_calls("add_to_group", refused(group_refused()))
    school.enrol()
    await school.work_until_settled()
    assert [(one["licences"], one["groups"]) for one in school.outcomes("AccountProvisioned")] == [
        ([SKU], []),
        ([SKU], [GROUP]),
    ]
    assert len(school.mailer.mailbox) == 1


async def test_a_tenant_that_wants_everything_assigned_first_announces_nothing_before(school: School) -> None:
    school.tenant = school.tenant.model_copy(update={"announce": Announce.COMPLETE})
    school.directory.next_calls("add_to_group", refused(group_refused()))
    school.enrol()
    await school.work()
    assert school.outcomes("AccountProvisioned") == []
    assert school.mailer.mailbox == []
    await school.work_until_settled()
    assert len(school.outcomes("AccountProvisioned")) == 1


async def test_a_refusal_that_no_table_knows_holds_its_student_alone(school: School) -> None:
    school.directory.next_calls("create", refused(unrecognised()))
    for number in range(3):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    assert reported(school) == [("S0", Reason.UNEXPECTED_ANSWER)]
    assert len(school.directory.accounts) == 2


async def test_the_same_unknown_refusal_of_several_students_is_taken_for_the_institutions(school: School) -> None:
    school.directory.next_calls("create", *[refused(unrecognised())] * 10)
    for number in range(10):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    assert school.directory.calls.count("create") == 3
    assert len(reported(school)) == 3


async def test_different_unknown_refusals_are_not_the_institutions(school: School) -> None:
    school.directory.next_calls("create", *(refused(unrecognised(f"400 number {n}")) for n in range(5)))
    for number in range(6):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    assert len(school.directory.accounts) == 1


async def test_an_institution_that_was_mended_continues_by_itself(school: School) -> None:
    school.directory.next_calls("create", *[refused(unrecognised())] * 3)
    for number in range(10):
        school.enrol(f"S{number}")
    await work_one_by_one(school)
    await school.work_until_settled()
    assert len(school.directory.accounts) == 10


async def test_when_the_wait_is_over_one_student_tries_for_all(school: School) -> None:
    no_consent = Hold("No consent.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT, code="403 Denied")
    school.directory.next_calls("find_marked", *[refused(no_consent)] * 2)
    for number in range(20):
        school.enrol(f"S{number}")
    worker = school.worker()
    for _ in range(2):
        await asyncio.gather(*[worker.work(job) for job in await school.claim()])
        school.now += timedelta(seconds=310)
    assert school.directory.calls.count("find_marked") == 2


async def test_a_held_student_is_tried_less_and_less_often(school: School) -> None:
    school.directory.next_calls("create", *[refused(unrecognised())] * 4)
    school.enrol()
    waits = list[float]()
    for _ in range(4):
        await school.work()
        waits.append(await school.seconds_to_next() or 0.0)
        school.now += timedelta(seconds=waits[-1])
    assert [round(seconds, -2) for seconds in waits] == [300, 300, 600, 1_200]


async def test_every_wait_has_its_cause_in_the_ledger(school: School) -> None:
    school.directory.next_calls("create", refused(unrecognised()))
    school.enrol()
    await school.work()
    (wait,) = school.ledger.student(TENANT, "S1").known.waits.values()
    assert (wait.step, wait.reason, wait.code, wait.held) == (
        "create",
        Reason.UNEXPECTED_ANSWER,
        "400 Request_BadRequest: something new",
        True,
    )


async def test_who_waits_behind_a_hold_has_that_holds_cause_in_the_ledger(school: School) -> None:
    no_consent = Hold("No consent.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT, code="403 Denied")
    school.directory.next_calls("find_marked", refused(no_consent))
    school.enrol("S1")
    school.enrol("S2")
    await work_one_by_one(school)
    (wait,) = school.ledger.student(TENANT, "S2").known.waits.values()
    assert (wait.reason, wait.code, wait.held) == (Reason.CONSENT_MISSING, "403 Denied", True)
