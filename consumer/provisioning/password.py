"""A password whose mail is lost is replaced before another mail: the lost one may lie anywhere, and must not open anything."""

import hashlib
from dataclasses import replace

from consumer.errors import Hold, Reason
from consumer.events import StepName
from consumer.failpoints import PASSWORD
from consumer.ledger.port import Account, EndStep, SaveAccount, SealCredential, StepState
from consumer.provisioning.case import Case


async def replace_password(case: Case) -> None:
    """Returns when the account has a password of the next generation, kept in `case.fresh_password`.

    Raises `Hold` where somebody has used the account, or nobody can tell: then it is theirs, and not ours to lock.
    """
    account = case.known_account()
    step = case.step(StepName.PASSWORD)
    object_id = account.object_id or ""
    if not case.uncertain(StepName.PASSWORD):
        set_at = step.started_at if step else None
        used = await case.effects.ask(
            case.service, lambda t: case.directory.was_used(object_id, password_set_at=set_at, timeout=t)
        )
        if used is not False:
            raise Hold("The welcome mail is lost, and the account may be in use.", reason=Reason.OUTCOME_UNKNOWN)
    renewed = replace(account, generation=account.generation + 1)
    password, sealed = _password(case, renewed)
    seal = SealCredential(case.provider, renewed.generation, sealed, case.tools.credential_lifetime)
    await case.effects.step(
        case.provider,
        StepName.PASSWORD,
        PASSWORD,
        service=case.service,
        request_hash=hashlib.sha256(f"{object_id}/{renewed.generation}".encode()).digest(),
        call=lambda t: case.directory.replace_password(object_id, password, timeout=t),
        # The lost mail is of no use any more, wherever it is: the step that sent it is free for another.
        then=lambda _: [SaveAccount(renewed), EndStep(case.provider, StepName.WELCOME, StepState.THROTTLED)],
        before=[seal],
        uncertain=case.uncertain(StepName.PASSWORD),
    )
    case.account = renewed
    case.fresh_password = password


def _password(case: Case, renewed: Account) -> tuple[str, bytes]:
    """The sealed one where an earlier attempt has made one for this generation: every attempt sends the same."""
    context = case.sealed_for(renewed.generation)
    known = case.job.credentials.get(case.provider)
    if known and known.generation == renewed.generation:
        return case.tools.vault.open(known.sealed, context), known.sealed
    password = case.tools.password()
    return password, case.tools.vault.seal(password, context)
