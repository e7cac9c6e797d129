"""Groups: those that the tenant's rules give and the account is not a member of, one call each."""

from dataclasses import replace
from functools import partial

from consumer.events import StepName
from consumer.failpoints import GROUPS
from consumer.policy.rules import grant
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import give, object_id


async def ensure_groups(case: Case) -> None:
    """Returns when the account, if there is one, is a member of all groups."""
    if case.standing is None:
        return
    for group in grant(case.tenant, case.student, case.provider).groups:
        account = case.known_account()
        missing = () if group in account.groups else (group,)
        if missing or case.to_be_verified(StepName.GROUPS):
            call = partial(case.directory.add_to_group, object_id(account), group)
            given = replace(account, groups=account.groups + missing)
            await give(case, StepName.GROUPS, GROUPS, call, given, (group,), part=f"groups/{group}")
