"""A look at an account that the ledger knows, before it is changed: people may have done so as well."""

from consumer.errors import GiveUp, Hold, NotYet, Reason
from consumer.events import Origin, StepName
from consumer.ledger.port.student import Account
from consumer.providers.port import Found
from consumer.provisioning.case import Case
from consumer.provisioning.steps.adopt import our_accounts, refuse_privileged
from consumer.provisioning.steps.grants import object_id


async def look_at(case: Case, account: Account, name: StepName) -> Found | None:
    """The account by its object id; None where the provider does not show it. Raises `Hold` where it carries another's marker."""
    ident = object_id(account)
    found = await case.effects.ask(name, case.service, lambda t: case.directory.read(ident, timeout=t), part="accounts")
    if found is not None and found.marker is not None and found.marker != account.marker:
        raise Hold("The account carries the marker of another student.", reason=Reason.ACCOUNT_CONFLICT)
    return found


async def look_before_change(case: Case, account: Account, name: StepName) -> Found | None:
    """The same, for an account that is about to be changed. Raises `Hold` where it must be left alone.

    Without a marker it is the student's only where our creation named its object id, and may have lost the marker on the way.
    """
    found = await look_at(case, account, name)
    if found is None:
        return None
    if found.marker is None and not (account.origin is Origin.CREATED and case.was_lost(StepName.CREATE)):
        raise NotYet("The account shows no marker.", reason=Reason.ACCOUNT_CONFLICT)
    await refuse_unwritable(case, found)
    return found


async def refuse_unwritable(case: Case, found: Found) -> None:
    """Raises `Hold` where the account must be left alone, though it carries our marker."""
    if found.synchronised:
        raise Hold("The account is managed in a directory on premises.", reason=Reason.SYNCHRONISED_ACCOUNT)
    await refuse_privileged(case, found)


async def refuse_missing(case: Case, account: Account) -> None:
    """Raises for an account that is not shown: `GiveUp` where it was deleted, `NotYet` where that is not known."""
    ours = await our_accounts(case)
    if any(one.deleted and one.object_id == account.object_id for one in ours):
        raise deleted()
    raise NotYet("The account cannot be found at the provider.")


def deleted() -> GiveUp:
    """For a change of an account that is not restored for it."""
    return GiveUp("The account was deleted at the provider.", reason=Reason.ACCOUNT_MISSING)
