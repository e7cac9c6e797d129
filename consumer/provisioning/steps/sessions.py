"""Sessions: a suspended account is signed out everywhere."""

from hashlib import sha256

from consumer.events import StepName
from consumer.failpoints import SESSIONS
from consumer.provisioning.case import Case


async def ensure_sessions_ended(case: Case) -> None:
    """Returns when the sessions of the account, if there is one, were ended for this version."""
    account = case.account
    if account is None or account.object_id is None:
        return
    if case.done(StepName.SESSIONS) and not case.to_be_verified(StepName.SESSIONS):
        return
    object_id = account.object_id
    await case.effects.step(
        case.provider,
        StepName.SESSIONS,
        SESSIONS,
        service=case.service,
        part="sessions",
        request_hash=sha256(f"sessions/{object_id}".encode()).digest(),
        call=lambda t: case.directory.end_sessions(object_id, timeout=t),
        then=lambda _: (),
        uncertain=case.uncertain(StepName.SESSIONS),
    )
