"""Sessions: a suspended account is signed out everywhere."""

from functools import partial

from consumer.events import StepName
from consumer.failpoints import SESSIONS
from consumer.provisioning.case import Case
from consumer.provisioning.steps.change import change
from consumer.provisioning.steps.grants import object_id


async def ensure_sessions_ended(case: Case) -> None:
    """Returns when the sessions of the account, if there is one, were ended for this version."""
    account = case.standing
    if account is None:
        return
    if case.done(StepName.SESSIONS) and not case.to_be_verified(StepName.SESSIONS):
        return
    ident = object_id(account)
    call = partial(case.directory.end_sessions, ident)
    await change(case, StepName.SESSIONS, SESSIONS, call, part="sessions", request=f"sessions/{ident}")
