"""An account that an earlier event announced is read at the provider before a newer event announces it: people may have changed it.

So is one of which a reconciliation has found that they did.

unchanged ────────────────▶ nothing to do
deleted, and restorable ──▶ restored (`create`), or given up where the newest event makes no account
gone, or not shown ───────▶ later, and in the end a person must look
sign-in blocked by us ────▶ opened (`reactivate`)
… by others ──────────────▶ held: it may have been blocked on purpose
marker of another ────────▶ held: a person must look
memberships removed ──────▶ given again (`memberships`), as far as the rules still give them
licences removed ─────────▶ given again (`licences`), likewise; at Google, whose accounts do not show them, all of them are assigned
                            again, and only where a reconciliation asks for it: each costs a call, of one a second
moved by people ──────────▶ moved back (`unit`), where a reconciliation asks for it
"""

from dataclasses import replace

from consumer.errors import NotYet, Reason
from consumer.events import Origin, StepName
from consumer.ledger.port.student import Account, AccountState
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.steps.adopt import our_accounts, refuse_disabled
from consumer.provisioning.steps.grants import with_all, without
from consumer.provisioning.steps.look import deleted, look_at


async def ensure_revisited(case: Case) -> None:
    """Returns when `case.account` is what the provider has. Raises `Hold` where a person must act, `GiveUp` where it stays deleted."""
    account = case.account
    if account is None or account.object_id is None:
        return
    object_id = account.object_id
    found = await look_at(case, account, StepName.CREATE)
    if found is None:
        case.assume(await _without_object(case, account))
        return
    _refuse_blocked(case, found)
    memberships = (*account.groups, *account.admin_units)
    still = frozenset[str]()
    if memberships:
        still = await case.effects.ask(
            StepName.GROUPS,
            case.service,
            lambda t: case.directory.groups_of(object_id, memberships, timeout=t),
            part="memberships",
        )
    licences = account.licences
    if found.licences is not None:
        licences = tuple(licence for licence in licences if licence.lower() in found.licences)
    elif case.revisits:
        licences = ()
    shown = replace(
        account,
        licences=licences,
        groups=tuple(group for group in account.groups if group in still),
        admin_units=tuple(unit for unit in account.admin_units if unit in still),
        org_unit=_unit_of(case, account, found),
    )
    case.assume(_in_doubt(shown, account) if case.keeps_doubts else shown)


def _in_doubt(shown: Account, before: Account) -> Account:
    """What is not shown may be there all the same, where replicas lag: so it is taken as well, where the rules do not give it any more."""
    return replace(
        shown,
        licences_in_doubt=with_all(before.licences_in_doubt, without(before.licences, shown.licences)),
        groups_in_doubt=with_all(before.groups_in_doubt, without(before.groups, shown.groups)),
        admin_units_in_doubt=with_all(before.admin_units_in_doubt, without(before.admin_units, shown.admin_units)),
    )


def _unit_of(case: Case, account: Account, found: Found) -> str | None:
    """Where people have moved the account to, where that is to be undone; an adopted account stays where it was found."""
    stays = not case.revisits or found.org_unit is None or account.origin is Origin.ADOPTED
    return account.org_unit if stays else found.org_unit


async def _without_object(case: Case, account: Account) -> Account:
    """Where the account was deleted, `create` finds it by its marker and restores it. Google does so without its groups."""
    ours = await our_accounts(case)
    if any(one.deleted and one.object_id == account.object_id for one in ours):
        if not case.creates_account:
            raise deleted()
        return replace(
            account,
            object_id=None,
            licences=(),
            groups=(),
            admin_units=(),
            licences_in_doubt=with_all(account.licences_in_doubt, account.licences),
            groups_in_doubt=with_all(account.groups_in_doubt, account.groups),
            admin_units_in_doubt=with_all(account.admin_units_in_doubt, account.admin_units),
        )
    if any(one.object_id == account.object_id for one in ours):
        return account  # reads by id lag behind
    if account.state is AccountState.DELETED:
        if not case.creates_account:
            raise deleted()
        # We deleted it so long ago that it can't be restored: another is created, with a password of its own.
        nothing = replace(account, licences=(), groups=(), admin_units=())
        return replace(nothing, object_id=None, generation=account.generation + 1)
    raise NotYet("The account cannot be found at the provider.")


def _refuse_blocked(case: Case, found: Found) -> None:
    if found.enabled or case.blocked_by_us:
        return
    if case.done(StepName.REACTIVATE):
        raise NotYet("The provider does not show the reactivation yet.", reason=Reason.CHANGE_NOT_VISIBLE)
    refuse_disabled(found)
