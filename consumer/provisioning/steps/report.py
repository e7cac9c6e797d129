"""Report: `account-changed`, once for each version."""

from dataclasses import replace

from consumer.errors import not_known_yet
from consumer.events import StepName
from consumer.failpoints import Point
from consumer.ledger.port.writes import SaveAccount
from consumer.observe import tracing
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import changed


async def ensure_reported(case: Case) -> None:
    """Leaves the outcome for the next commit, together with the record of it. Where there is no account, nothing has changed.

    Raises `RetryLater` while an earlier reactivation may still be carried out: a suspension that was reported stays one.
    """
    account = case.account
    if account is None or account.object_id is None or account.announced_version >= case.version:
        return
    if (left := case.may_turn_up(StepName.REACTIVATE)) is not None:
        raise not_known_yet("An earlier reactivation may still be carried out.", left)
    reported = replace(account, announced_version=case.version, incomplete=case.incomplete)
    case.effects.later([SaveAccount(reported), *changed(case)], Point.ACCOUNT_REPORTED)
    case.effects.metrics.time_to_change.labels(case.provider, case.job.desired.action).observe(
        case.took, tracing.exemplar()
    )
