"""Announce: `account-provisioned`, once for each version; before it `account-changed`, where the account was opened again, or has followed
the rules.
"""

from dataclasses import replace

from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.writes import SaveAccount
from consumer.observe import tracing
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import followed, provisioned, reactivated


async def ensure_announced(case: Case) -> None:
    """Leaves the outcome for the next commit, together with the record of it. Where there is no account, there is nothing to tell."""
    account = case.standing
    if account is None or account.announced_version >= case.version:
        return
    announced = replace(account, announced_version=case.version, incomplete=case.incomplete)
    news = [
        *([reactivated(case)] if case.done(StepName.REACTIVATE) else ()),
        *followed(case),
        provisioned(case, account),
    ]
    case.effects.later([SaveAccount(announced), *news], Point.ACCOUNT_ANNOUNCED)
    if case.creates_account:
        case.effects.metrics.time_to_account.labels(case.provider).observe(case.took, tracing.exemplar())
    else:
        case.effects.metrics.time_to_change.labels(case.provider, case.job.desired.action).observe(
            case.took, tracing.exemplar()
        )
