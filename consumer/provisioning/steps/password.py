"""Replaces a password whose mail was lost, before another mail is sent: the lost mail must not contain a working password."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from consumer.errors import GiveUp, Hold, Reason
from consumer.events import StepName
from consumer.failpoints import PASSWORD
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import EndStep, SaveAccount, SealCredential, Write
from consumer.provisioning.case import Case


def sealed_password(case: Case, generation: int) -> tuple[str, Sequence[Write]]:
    """The generation's password, the same for every attempt; a new one comes with the write that keeps it.

    Raises `Hold` where the vault can't open it.
    """
    context = case.sealed_for(generation)
    kept = case.sealed
    if kept and kept.generation == generation:
        return case.tools.vault.open(kept.sealed, context), ()
    password, lifetime = case.tools.password(), case.tools.credential_lifetime
    sealed = case.tools.vault.seal(password, context)
    return password, (SealCredential(case.provider, generation, sealed, lifetime),)


async def replace_password(case: Case, reason: Reason) -> None:
    """Returns when the account has a password of the next generation. `reason` is why the one that it has is of no use.

    Raises `Hold` where the account was used, or where that cannot be determined: its user must not be locked out. Where the password
    had merely expired and the account is in use, no mail is needed: `GiveUp`.
    """
    account = case.known_account()
    object_id = account.object_id or ""
    if not case.uncertain(StepName.PASSWORD):
        await _refuse_if_used(case, object_id, reason)
    renewed = replace(account, generation=account.generation + 1)
    password, seal = sealed_password(case, renewed.generation)
    await case.effects.step(
        case.provider,
        StepName.PASSWORD,
        PASSWORD,
        service=case.service,
        part="passwords",
        request_hash=hashlib.sha256(f"{object_id}/{renewed.generation}".encode()).digest(),
        call=lambda t: case.directory.replace_password(object_id, password, timeout=t),
        # The lost mail is of no use any more, wherever it is: the step that sent it is free for another.
        then=lambda _: [SaveAccount(renewed), EndStep(case.provider, StepName.WELCOME, StepState.RETRYABLE)],
        before=seal,
        uncertain=case.uncertain(StepName.PASSWORD),
    )


async def _refuse_if_used(case: Case, object_id: str, reason: Reason) -> None:
    used = await was_used(case, object_id)
    if used and reason is Reason.CREDENTIAL_EXPIRED:
        raise GiveUp("The sealed password has expired, and the account is in use.", reason=reason)
    if used is not False:
        raise Hold("The welcome mail is lost, and the account may be in use.", reason=reason)


async def was_used(case: Case, object_id: str) -> bool | None:
    """Whether the password that we set last has been used or changed since; None where that cannot be determined."""
    step = case.step(StepName.PASSWORD)
    set_at = step.started_at if step else None
    return await case.effects.ask(
        StepName.PASSWORD, case.service, lambda t: case.directory.was_used(object_id, password_set_at=set_at, timeout=t)
    )
