"""A student of a tenant in dry run: planned, looked up, published, and not worked.

The student waits, as for a person, until the tenant's file changes: then the newest event is worked, as if it had just come. A newer event
that asks for nothing cancels it meanwhile, as it cancels any work that was not done.
"""

from collections.abc import Sequence
from hashlib import sha256

import structlog

from consumer.errors import GiveUp, Hold, OutcomeUnknown, Reason, RetryLater
from consumer.events import AccountPlanned, Seen, StepName, outcome_id
from consumer.ledger.port.writes import Publish, WaitFor
from consumer.policy.addresses import first_choice
from consumer.policy.plan import PlannedStep
from consumer.policy.rules import Grant, grant, withdrawal
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import cause, publish
from consumer.provisioning.planning import plan_of

log = structlog.get_logger()

AGAIN = 86_400.0
"""Seconds after which a student is planned once more, should the end of the wait have been missed."""


async def planned(case: Case) -> Publish:
    """`account-planned`. The same plan has the same event id: it is published once, however often it is made."""
    seen, reason = await _look_up(case)
    steps = plan_of(case).steps
    given = grant(case.tenant, case.student, case.provider) if case.wants_account else Grant()
    unit = given.org_unit
    if PlannedStep.SUSPEND in steps:
        unit = withdrawal(case.tenant, case.provider).org_unit
    name = _sign_in_name(case) if PlannedStep.ADDRESS in steps else None
    what = (seen, reason or "", *steps, name or "", unit or "", *given.licences, *given.groups, *given.admin_units)
    detail = sha256("\x1f".join((case.job.desired.action, *what)).encode()).hexdigest()
    outcome = AccountPlanned(
        event_id=outcome_id(
            "account-planned", case.tenant.id, case.student.student_id, case.provider, case.version, detail
        ),
        occurred_at=case.now(),
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=cause(case),
        provider=case.provider,
        action=case.job.desired.action,
        account=seen,
        reason=reason,
        steps=tuple(step.value for step in steps),
        sign_in_name=name,
        org_unit=unit,
        licences=given.licences,
        groups=given.groups,
        admin_unit=given.admin_unit,
    )
    log.info(
        "account_planned",
        provider=case.provider,
        action=outcome.action,
        account=seen,
        steps=outcome.steps,
    )
    return publish(case, outcome)


def waits(cases: Sequence[Case]) -> tuple[WaitFor, ...]:
    """For the change of the tenant's file. At the first step, which calls no one: what later steps wait for is counted from the start."""
    return tuple(WaitFor(case.provider, StepName.ADDRESS, Reason.DRY_RUN, held=True, reported=True) for case in cases)


async def _look_up(case: Case) -> tuple[Seen, Reason | None]:
    """What the provider shows under the student's marker. A plan is published without that, too: a refusal is worth knowing."""
    mark = case.own_marker
    try:
        found = await case.effects.ask(
            StepName.ADDRESS, case.service, lambda t: case.directory.find_marked(mark, timeout=t)
        )
    except (GiveUp, Hold, OutcomeUnknown, RetryLater) as fault:
        return Seen.UNKNOWN, fault.reason
    ours = [one for one in found if one.marker == mark]
    if not ours:
        return Seen.ABSENT, None
    return (Seen.DELETED if all(one.deleted for one in ours) else Seen.PRESENT), None


def _sign_in_name(case: Case) -> str:
    if case.account is not None and not case.renames:
        return case.account.address
    return first_choice(case.tenant.addresses, case.student, country=case.tenant.country).address
