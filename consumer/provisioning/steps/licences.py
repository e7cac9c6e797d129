"""Licences: those that the tenant's rules give and the account lacks; and those that it is to lose.

Microsoft gives and takes all of them in one call, Google one in each: each call is a step of its own there, and waits for its turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from consumer.events import Provider, StepName
from consumer.failpoints import LICENCES
from consumer.ledger.port.student import Account
from consumer.policy.guard import Guarded
from consumer.policy.plan import PlannedStep
from consumer.policy.rules import grant, surplus
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import cleared, give, object_id, with_all, without
from consumer.provisioning.steps.guarded import may_take
from consumer.tenants import product_of


def is_missing(case: Case, step: PlannedStep) -> bool:
    """Whether there is something to do for this step, as far as is known now. For the two steps of this module."""
    account = case.standing
    if account is None:
        return False
    return bool(_lacking(case, account) if step is PlannedStep.LICENCES else _to_take(case, account))


async def ensure_licences(case: Case) -> None:
    """Returns when the account, if there is one, has all licences."""
    account = case.standing
    if account is None:
        return
    for request in _calls(case, _lacking(case, account)):
        await _give(case, request)


async def ensure_licences_taken(case: Case) -> None:
    """Returns when the account, if there is one, has none of the licences that we gave and the newest event does not want it to have.

    Before all that are wanted are given, none is taken. The guard is asked where the account is wanted: a suspension is counted as that.
    """
    account = case.standing
    if account is None:
        return
    taken = _to_take(case, account)
    if not taken or without(_wanted(case), account.licences):
        return
    if case.wants_account and not may_take(case, Guarded.REMOVE_LICENCES):
        return
    for request in _calls(case, taken):
        await _take(case, request)


async def _give(case: Case, request: Sequence[str]) -> None:
    account = case.known_account()
    replaced = _replaced(case, account, request)
    if replaced and not may_take(case, Guarded.REMOVE_LICENCES):
        return
    doubted = replace(
        account,
        licences=without(account.licences, replaced),
        licences_in_doubt=with_all(account.licences_in_doubt, (*request, *replaced)),
    )
    given = replace(
        account,
        licences=with_all(without(account.licences, replaced), request),
        licences_in_doubt=cleared(case, StepName.LICENCES, account.licences_in_doubt, (*request, *replaced)),
    )
    before = doubted if case.keeps_doubts else None
    call = partial(case.directory.assign_licences, object_id(account), request, replaces=replaced)
    part = _part(case, request, of_all=f"licences/{'+'.join(sorted(request))}")
    await give(
        case, StepName.LICENCES, LICENCES, call, given, request, part=part, service=case.licence_service, before=before
    )


async def _take(case: Case, request: Sequence[str]) -> None:
    account = case.known_account()
    doubted = replace(
        account,
        licences=without(account.licences, request),
        licences_in_doubt=with_all(account.licences_in_doubt, request),
    )
    left = replace(
        doubted,
        licences_in_doubt=cleared(case, StepName.LICENCES, account.licences_in_doubt, request),
    )
    call = partial(case.directory.remove_licences, object_id(account), request)
    part = _part(case, request, of_all="licences")
    await give(
        case, StepName.LICENCES, LICENCES, call, left, request, part=part, service=case.licence_service, before=doubted
    )


def _wanted(case: Case) -> Sequence[str]:
    return grant(case.tenant, case.student, case.provider).licences if case.wants_account else ()


def _lacking(case: Case, account: Account) -> Sequence[str]:
    wanted = _wanted(case)
    return wanted if case.to_be_repeated(StepName.LICENCES) else without(wanted, account.licences)


def _to_take(case: Case, account: Account) -> Sequence[str]:
    return surplus(account.licences, account.licences_in_doubt, _wanted(case))


def _replaced(case: Case, account: Account, request: Sequence[str]) -> Sequence[str]:
    """Of those that are to be taken, which have to make room for `request`: Google assigns one SKU of a product at most."""
    if case.provider is not Provider.GOOGLE or not case.follows:
        return ()
    products = {product_of(licence) for licence in request}
    return [licence for licence in _to_take(case, account) if product_of(licence) in products]


def _calls(case: Case, licences: Sequence[str]) -> Iterator[Sequence[str]]:
    """What each call is about."""
    if case.provider is Provider.GOOGLE:
        yield from ((licence,) for licence in licences)
    elif licences:
        yield licences


def _part(case: Case, request: Sequence[str], *, of_all: str) -> str:
    """The part of the service that the call needs. Of Google's licences, that is the one that it is about."""
    return request[0] if case.provider is Provider.GOOGLE else of_all
