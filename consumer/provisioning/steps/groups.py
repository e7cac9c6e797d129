"""Groups: those that the tenant's rules give and the account is not a member of, and those that we gave and they do not give any more; one
call each.
"""

from dataclasses import replace
from functools import partial

from consumer.events import StepName
from consumer.failpoints import GROUPS
from consumer.policy.rules import grant
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import cleared, give, object_id, with_all, without


async def ensure_groups(case: Case) -> None:
    """Returns when the account, if there is one, is a member of all groups."""
    if case.standing is None:
        return
    for group in grant(case.tenant, case.student, case.provider).groups:
        account = case.known_account()
        if group in account.groups and not case.to_be_repeated(StepName.GROUPS):
            continue
        doubted = replace(account, groups_in_doubt=with_all(account.groups_in_doubt, [group]))
        given = replace(
            account,
            groups=with_all(account.groups, [group]),
            groups_in_doubt=cleared(case, StepName.GROUPS, account.groups_in_doubt, [group]),
        )
        call = partial(case.directory.add_to_group, object_id(account), group)
        part = f"groups/{group}"
        before = doubted if case.follows else None
        await give(case, StepName.GROUPS, GROUPS, call, given, (group,), part=part, before=before)


async def ensure_groups_left(case: Case) -> None:
    """Returns when the account, if there is one, is in none of the groups that we gave and the rules do not give any more."""
    if case.standing is None:
        return
    wanted = grant(case.tenant, case.student, case.provider).groups
    account = case.known_account()
    for group in without(with_all(account.groups, account.groups_in_doubt), wanted):
        account = case.known_account()
        doubted = replace(
            account,
            groups=without(account.groups, [group]),
            groups_in_doubt=with_all(account.groups_in_doubt, [group]),
        )
        left = replace(
            doubted,
            groups_in_doubt=cleared(case, StepName.GROUPS, account.groups_in_doubt, [group]),
        )
        call = partial(case.directory.remove_from_group, object_id(account), group)
        await give(case, StepName.GROUPS, GROUPS, call, left, (group,), part=f"groups/{group}", before=doubted)
