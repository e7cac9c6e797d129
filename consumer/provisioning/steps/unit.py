"""Unit: a suspended account leaves for the leavers' organisational unit, and comes back from it before it is opened again."""

from dataclasses import replace
from hashlib import sha256
from urllib.parse import quote

from consumer.events import ProviderAction, StepName
from consumer.failpoints import UNIT
from consumer.ledger.port.writes import SaveAccount
from consumer.policy.rules import grant, withdrawal
from consumer.provisioning.case import Case

_ROOT = "/"


async def ensure_placed(case: Case) -> None:
    """Returns when the account, if there is one, is where the newest event wants it."""
    account = case.account
    if account is None or account.object_id is None:
        return
    object_id, unit = account.object_id, _wanted(case)
    if unit is None or (account.org_unit == unit and not case.to_be_verified(StepName.UNIT)):
        return
    await case.effects.step(
        case.provider,
        StepName.UNIT,
        UNIT,
        service=case.service,
        part=f"units/{quote(unit, safe='')}",
        request_hash=sha256(f"unit/{object_id}/{unit}".encode()).digest(),
        call=lambda t: case.directory.move(object_id, unit, timeout=t),
        then=lambda _: [SaveAccount(replace(account, org_unit=unit))],
        uncertain=case.uncertain(StepName.UNIT),
    )


def _wanted(case: Case) -> str | None:
    if case.job.desired.action is ProviderAction.SUSPEND_ACCOUNT:
        return withdrawal(case.tenant, case.provider).org_unit
    return grant(case.tenant, case.student, case.provider).org_unit or _ROOT
