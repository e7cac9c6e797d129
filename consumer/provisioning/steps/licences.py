"""Licences: those that the tenant's rules give and the account lacks, in one call; and those that it is to lose, in one call."""

from dataclasses import replace
from functools import partial

from consumer.events import StepName
from consumer.failpoints import LICENCES
from consumer.policy.guard import Guarded
from consumer.policy.rules import grant, surplus
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import cleared, give, object_id, with_all, without
from consumer.provisioning.steps.guarded import may_take


async def ensure_licences(case: Case) -> None:
    """Returns when the account, if there is one, has all licences."""
    account = case.standing
    if account is None:
        return
    wanted = grant(case.tenant, case.student, case.provider).licences
    request = wanted if case.to_be_repeated(StepName.LICENCES) else without(wanted, account.licences)
    if request:
        call = partial(case.directory.assign_licences, object_id(account), request)
        doubted = replace(account, licences_in_doubt=with_all(account.licences_in_doubt, request))
        given = replace(
            account,
            licences=with_all(account.licences, request),
            licences_in_doubt=cleared(case, StepName.LICENCES, account.licences_in_doubt, request),
        )
        part = f"licences/{'+'.join(sorted(request))}"
        before = doubted if case.keeps_doubts else None
        await give(case, StepName.LICENCES, LICENCES, call, given, request, part=part, before=before)


async def ensure_licences_taken(case: Case) -> None:
    """Returns when the account, if there is one, has none of the licences that we gave and the newest event does not want it to have.

    Before all that are wanted are given, none is taken. The guard is asked where the account is wanted: a suspension is counted as that.
    """
    account = case.standing
    if account is None:
        return
    wanted = grant(case.tenant, case.student, case.provider).licences if case.wants_account else ()
    taken = surplus(account.licences, account.licences_in_doubt, wanted)
    if not taken or without(wanted, account.licences):
        return
    if case.wants_account and not may_take(case, Guarded.REMOVE_LICENCES):
        return
    left = replace(
        account,
        licences=without(account.licences, taken),
        licences_in_doubt=cleared(case, StepName.LICENCES, account.licences_in_doubt, taken),
    )
    call = partial(case.directory.remove_licences, object_id(account), taken)
    await give(case, StepName.LICENCES, LICENCES, call, left, taken, part="licences")
