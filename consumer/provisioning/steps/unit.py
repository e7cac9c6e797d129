"""Unit: a suspended account leaves for the leavers' organisational unit, and comes back from it before it is opened again."""

from dataclasses import replace
from functools import partial
from urllib.parse import quote

from consumer.events import StepName
from consumer.failpoints import UNIT
from consumer.ledger.port.writes import SaveAccount
from consumer.policy.rules import grant, withdrawal
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.grants import object_id

_ROOT = "/"


async def ensure_placed(case: Case) -> None:
    """Returns when the account, if there is one, is where the newest event wants it."""
    account, unit = case.standing, _wanted(case)
    if account is None or (case.wants_account and account.org_unit is None):
        return  # it does not exist, or never left where its creation put it
    if unit is None or (account.org_unit == unit and not case.to_be_verified(StepName.UNIT)):
        return
    ident = object_id(account)
    await change(
        case,
        StepName.UNIT,
        UNIT,
        partial(case.directory.move, ident, unit),
        part=f"units/{quote(unit, safe='')}",
        request=f"unit/{ident}/{unit}",
        then=[SaveAccount(replace(account, org_unit=unit))],
    )


def _wanted(case: Case) -> str | None:
    if case.wants_account:
        return grant(case.tenant, case.student, case.provider).org_unit or _ROOT
    return withdrawal(case.tenant, case.provider).org_unit
