"""Mark: writes the current marker on an account whose object id the ledger has, where it is missing or was written by an earlier version.

Earlier versions marked accounts at Microsoft with the bare student number, which staff may have as well. An account that bears it is known
by its object id alone, and gets the current marker. One that an earlier version only found by that number was never proven to be the
student's: a person must look.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from consumer.errors import GiveUp, Hold, Reason
from consumer.events import Origin, StepName
from consumer.failpoints import MARK
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import SaveAccount, Write
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import object_id


async def ensure_marked(case: Case) -> None:
    """Returns when the account, if there is one, has the current marker. Raises `Hold`."""
    account, mark = case.standing, case.own_marker
    if account is None or account.marker == mark:
        return
    if account.origin is Origin.ADOPTED:
        raise Hold(
            "The account was found by the student's bare number, which does not prove that it is the student's.",
            reason=Reason.ACCOUNT_CONFLICT,
        )
    renewed = replace(account, marker=mark)
    await write_marker(case, object_id(account), mark, [SaveAccount(renewed)])


async def write_marker(case: Case, object_id: str, mark: str, then: Sequence[Write] = ()) -> None:
    """Marks this account, which the ledger knows to be ours; `then` is committed with it. Raises `Hold` where that is refused."""
    try:
        await case.effects.step(
            case.provider,
            StepName.CREATE,
            MARK,
            service=case.service,
            part="markers",
            request_hash=_marking(object_id),
            call=lambda t: case.directory.mark(object_id, mark, timeout=t),
            then=lambda _: then,
        )
    except GiveUp as fault:
        raise Hold("The provider refuses the marker.", reason=fault.reason, code=fault.code) from fault


def was_marked_lately(case: Case, object_id: str) -> bool:
    """Whether the newest attempt has marked this account, and replicas may not show it yet."""
    step = case.step(StepName.CREATE)
    done = step is not None and step.state is StepState.DONE and step.request_hash == _marking(object_id)
    return done and case.may_lag(StepName.CREATE)


def _marking(object_id: str) -> bytes:
    return sha256(f"mark/{object_id}".encode()).digest()
