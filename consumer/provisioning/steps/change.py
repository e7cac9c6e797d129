"""What the steps share that change one thing of an account and may be repeated: blocking, opening, signing out, moving."""

from collections.abc import Sequence
from hashlib import sha256

from consumer.events import StepName
from consumer.failpoints import Boundaries
from consumer.ledger.port.writes import Write
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import GrantCall


async def change(
    case: Case,
    name: StepName,
    at: Boundaries,
    call: GrantCall,
    *,
    part: str,
    request: str,
    before: Sequence[Write] = (),
    then: Sequence[Write] = (),
) -> None:
    """Makes the call; `request` tells it from others of this step, `before` and `then` are committed with its intent and its result."""
    await case.effects.step(
        case.provider,
        name,
        at,
        service=case.service,
        part=part,
        request_hash=sha256(request.encode()).digest(),
        call=lambda t: call(timeout=t),
        then=lambda _: then,
        before=before,
        uncertain=case.uncertain(name),
    )
