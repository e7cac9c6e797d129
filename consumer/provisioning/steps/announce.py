"""Announce: `account-provisioned`, once for each version."""

from dataclasses import replace

from consumer.failpoints import Point
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import provisioned


async def ensure_announced(case: Case) -> None:
    """Leaves the outcome for the next commit, together with the record of it."""
    account = case.known_account()
    if account.announced_version >= case.version:
        return
    announced = replace(account, announced_version=case.version)
    case.effects.later([SaveAccount(announced), provisioned(case, account)], Point.ACCOUNT_ANNOUNCED)
