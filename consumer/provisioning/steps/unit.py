"""Unit: a suspended account leaves for the leavers' organisational unit, and comes back from it before it is opened again. An account that
follows the rules moves where they put the student now, unless people have moved it since.
"""

from dataclasses import replace
from functools import partial
from urllib.parse import quote

from consumer.errors import NotYet
from consumer.events import StepName
from consumer.failpoints import UNIT
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import SaveAccount
from consumer.policy.rules import ROOT, grant, withdrawal
from consumer.provisioning.case import Case
from consumer.provisioning.planning import placed
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.following import to_write
from consumer.provisioning.steps.grants import object_id
from consumer.provisioning.steps.look import look_before_change


async def ensure_placed(case: Case) -> None:
    """Returns when the account, if there is one, is where the newest event wants it."""
    account, unit = case.standing, _wanted(case)
    if account is None or (case.wants_account and account.org_unit is None):
        return  # it does not exist, or never left where its creation put it
    if unit is None or (account.org_unit == unit and not case.to_be_verified(StepName.UNIT)):
        return
    await _move(case, account, unit)


async def ensure_moved(case: Case) -> None:
    """Returns when the account, if there is one, is where the rules put it, or where people have moved it."""
    account = case.standing
    last = placed(account) if account else None
    if account is None or last is None:
        return
    unit = grant(case.tenant, case.student, case.provider).org_unit or ROOT
    if last == unit and not case.was_lost(StepName.UNIT):
        return
    found = await look_before_change(case, account, StepName.UNIT)
    if found is None:
        raise NotYet("The account cannot be found at the provider.")
    missing = to_write(
        case, StepName.UNIT, wanted={"unit": unit}, written={"unit": last}, shown={"unit": found.org_unit or ROOT}
    )
    if missing:
        await _move(case, account, unit)
    elif found.org_unit == unit and last != unit:
        case.assume(replace(account, org_unit=unit))


async def _move(case: Case, account: Account, unit: str) -> None:
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
        return grant(case.tenant, case.student, case.provider).org_unit or ROOT
    return withdrawal(case.tenant, case.provider).org_unit
