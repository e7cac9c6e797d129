"""Licences: those that the tenant's rules give and the account lacks, in one call; and those that a suspension takes, in one call."""

from dataclasses import replace
from functools import partial

from consumer.events import StepName
from consumer.failpoints import LICENCES
from consumer.policy.rules import grant
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import give, object_id


async def ensure_licences(case: Case) -> None:
    """Returns when the account, if there is one, has all licences."""
    account = case.standing
    if account is None:
        return
    wanted = grant(case.tenant, case.student, case.provider).licences
    missing = tuple(licence for licence in wanted if licence not in account.licences)
    request = wanted if case.to_be_verified(StepName.LICENCES) else missing
    if request:
        call = partial(case.directory.assign_licences, object_id(account), request)
        given = replace(account, licences=account.licences + missing)
        part = f"licences/{'+'.join(sorted(request))}"
        await give(case, StepName.LICENCES, LICENCES, call, given, request, part=part)


async def ensure_licences_taken(case: Case) -> None:
    """Returns when the account, if there is one, has none of the licences that we gave."""
    account = case.standing
    if account is None or not account.licences:
        return
    call = partial(case.directory.remove_licences, object_id(account), account.licences)
    left = replace(account, licences=())
    await give(case, StepName.LICENCES, LICENCES, call, left, account.licences, part="licences")
