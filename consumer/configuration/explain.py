"""`provisioner config explain`: what a status does to a student with these attributes, in words."""

from collections.abc import Iterator, Mapping, Sequence

from consumer.events import Provider, ProviderAction, Student
from consumer.policy.addresses import candidates
from consumer.policy.condition import matches
from consumer.policy.decision import Act, DecisionTable, Skip, SkipReason
from consumer.policy.plan import KnownAccount, PlannedStep, plan
from consumer.policy.rules import ROOT, Grant, grant, licences_last, withdrawal
from consumer.providers.names import PROVIDER_NAMES
from consumer.tenants import OnChange, StatusRow, Tenant, licence_provider

_SKIPS = {
    SkipReason.NO_ACTION: "Nothing: the status table maps this status to no provider action.",
    SkipReason.EXTERNAL_SYNC_DISABLED: "Nothing: the student is excluded from external synchronisation.",
    SkipReason.UNLISTED_STATUS: "Nothing: no row is for it, and `unlisted_status` is `skip`.",
}
_SHOWN = 3
"""Addresses: a few say what the patterns do."""
_ACTIONS = {
    ProviderAction.CREATE_ACCOUNT: "It creates an account, or opens a suspended one again.",
    ProviderAction.UPDATE_ACCOUNT: "It brings the account up to date, if there is one: a student without an account is given none.",
    ProviderAction.SUSPEND_ACCOUNT: "It suspends the account, if there is one.",
    ProviderAction.DELETE_ACCOUNT: "It suspends the account, if there is one, and deletes it later.",
    ProviderAction.RELEASE_ACCOUNT: "It hands the account to the institution, if there is one, and never writes to it again.",
}
_WANT_ACCOUNT = {ProviderAction.CREATE_ACCOUNT, ProviderAction.UPDATE_ACCOUNT}
_SENTENCES = {
    PlannedStep.VERIFY: "Verify the existing account.",
    PlannedStep.REVISIT: "Revisit the existing account.",
    PlannedStep.FIND: "Find the account by its marker.",
    PlannedStep.MARK: "Mark the existing account.",
    PlannedStep.SUSPEND: "Block the sign-in, and see that it is blocked.",
    PlannedStep.REACTIVATE: "Open the sign-in again, and see that it is open.",
    PlannedStep.NEXT_ADDRESS: "Reserve an address of the present name.",
    PlannedStep.RENAME: "Give the account an address of the present name; the former one stays as an alias where the provider keeps it.",
    PlannedStep.PROFILE: "Write the names and the language, where they have changed and people have not changed them there.",
    PlannedStep.MOVE: "Move the account to the unit that the rules give, where that has changed and people have not moved it.",
    PlannedStep.TAKE_LICENCES: "Take away the licences that this service gave and the student is not to have any more.",
    PlannedStep.LEAVE_GROUPS: "Remove from groups that this service gave and the rules do not give any more.",
    PlannedStep.LEAVE_ADMIN_UNIT: "Take the account out of an administrative unit that this service put it into and the rules do not give "
    "any more.",
    PlannedStep.SESSIONS: "Sign the student out everywhere.",
    PlannedStep.CANCEL: "Cancel the deletion.",
    PlannedStep.RECLAIM: "See that the account carries the student's marker again.",
    PlannedStep.NOTICE: "Announce the deletion by e-mail.",
    PlannedStep.DELETE: "Delete the account, if its sign-in is still blocked.",
    PlannedStep.RELEASE: "Remove the student's marker from the account.",
    PlannedStep.ANNOUNCE: "Publish `account-provisioned`.",
    PlannedStep.REPORT: "Publish `account-changed`.",
    PlannedStep.WELCOME: "Send no welcome mail: `welcome_email.enabled` is false.",
}
"""Of steps that are the same for every tenant."""


def explain(
    tenant: Tenant, status_id: str, attributes: Mapping[str, str], *, sync_disabled: bool = False
) -> Iterator[str]:
    """The decision and the plan, a sentence a line, for a made-up student."""
    table = DecisionTable.of([tenant])
    decision = table.decide(tenant.id, status_id, external_sync_disabled=sync_disabled, attributes=attributes)
    yield from _status(tenant, status_id, attributes)
    if tenant.dry_run:
        yield f"{tenant.name} is in dry run: what follows is published as a plan (`account-planned`), and not done."
    if isinstance(decision, Skip):
        yield _SKIPS[decision.reason]
        return
    if not isinstance(decision, Act):
        yield "The event goes to the dead-letter topic, so that no student is lost: add a row for it, or set `unlisted_status: skip`."
        return
    student = Student(student_id="S-1", given_name="Maria", family_name="Rossi", attributes=dict(attributes))
    yield f"{_ACTIONS[decision.action]} For a student called Maria Rossi:"
    for number, rule in enumerate(tenant.rules, start=1):
        yield f"  Rule {number} {'applies' if matches(rule.when, attributes) else 'does not apply'}: {_when(rule.when)}."
    for provider in decision.providers:
        yield from _plan(tenant, student, provider, decision.action)


def _status(tenant: Tenant, status_id: str, attributes: Mapping[str, str]) -> Iterator[str]:
    """What the table says of it; where conditions choose among several rows, which of them decides."""
    rows = [(number, row) for number, row in enumerate(tenant.statuses, start=1) if row.id == status_id]
    if not rows:
        yield f"Status `{status_id}` is not in the status table of {tenant.name}."
    elif not any(row.when for _, row in rows):
        ((_, row),) = rows
        yield f'Status `{row.id}` of {tenant.name} is "{row.name}" ({row.type}).'
    else:
        yield f"Status `{status_id}` of {tenant.name} depends on the student's attributes. The first of its rows that matches decides:"
        yield from _rows(rows, attributes)


def _rows(rows: Sequence[tuple[int, StatusRow]], attributes: Mapping[str, str]) -> Iterator[str]:
    deciding = next((number for number, row in rows if matches(row.when, attributes)), None)
    for number, row in rows:
        verdict = "is not looked at" if deciding and number > deciding else "does not match"
        yield (
            f'  Row {number}, "{row.name}" ({row.type}), {"decides" if number == deciding else verdict}: {_when(row.when)}. '
            f"Its action: {row.provider_action or 'none'}."
        )
    if deciding is None:
        yield "  No row matches, so the status is decided as one that is not in the table."


def _plan(tenant: Tenant, student: Student, provider: Provider, action: ProviderAction) -> Iterator[str]:
    """The plan that a worker makes: for a new student where the status creates accounts, else for one who has an account."""
    given, withdrawn = grant(tenant, student, provider), withdrawal(tenant, provider)
    known = KnownAccount() if action is ProviderAction.CREATE_ACCOUNT else _standing(provider, given)
    follow = tenant.on_change is OnChange.FOLLOW
    last = licences_last(tenant, provider, wants_account=action in _WANT_ACCOUNT)
    steps = plan(action, 1, known, given, withdrawn, settled=False, follow=follow, licences_last=last).steps
    yield f"  {PROVIDER_NAMES[provider]}:"
    for number, step in enumerate(steps, start=1):
        yield f"    {number}. {_sentence(step, tenant, student, given)}"


def _standing(provider: Provider, given: Grant) -> KnownAccount:
    """A student who has an account, and knows of it."""
    return KnownAccount(
        exists=True,
        announced_version=0,
        placed=(given.org_unit or ROOT) if provider is Provider.GOOGLE else None,
        licences=given.licences,
        groups=given.groups,
        admin_units=given.admin_units,
        welcomed=True,
    )


def _sentence(step: PlannedStep, tenant: Tenant, student: Student, given: Grant) -> str:
    match step:
        case PlannedStep.ADDRESS:
            addresses = candidates(tenant.addresses, student, country=tenant.country)
            shown = f"{', then '.join(addresses[:_SHOWN])}{', and so on' if len(addresses) > _SHOWN else ''}"
            return f"Reserve an address: {shown}."
        case PlannedStep.CREATE:
            return f"Create the account with the student's marker{f' in {_unit(tenant, given.org_unit)}' if given.org_unit else ''}."
        case (
            PlannedStep.LICENCES | PlannedStep.GROUPS | PlannedStep.ADMIN_UNIT | PlannedStep.UNIT | PlannedStep.SCHEDULE
        ):
            return _change(step, tenant, given)
        case PlannedStep.WELCOME if tenant.welcome_email.enabled:
            languages = ", ".join(tenant.welcome_email.languages)
            return f"Send the mail `{tenant.welcome_email.template}` to the student's own address ({languages})."
        case _:
            return _SENTENCES[step]


def _change(step: PlannedStep, tenant: Tenant, given: Grant) -> str:
    match step:
        case PlannedStep.LICENCES:
            return f"Assign licences{_pace(given)}: {', '.join(given.licences)}."
        case PlannedStep.GROUPS:
            return f"Add to groups: {', '.join(given.groups)}."
        case PlannedStep.ADMIN_UNIT:
            return f"Put the account into the administrative unit {given.admin_unit}."
        case PlannedStep.UNIT:
            return f"Move the account to {_unit(tenant, tenant.suspension.org_unit)}."
        case _:
            return f"Delete the account {_grace(tenant)}, unless a later status of the student cancels that.{_announced(tenant)}"


def _unit(tenant: Tenant, path: str | None) -> str:
    created = tenant.google is not None and tenant.google.create_org_units
    return f"{path} (the unit is created where it does not exist)" if created else f"{path}"


def _pace(given: Grant) -> str:
    google = any(licence_provider(licence) is Provider.GOOGLE for licence in given.licences)
    return ", in the student's turn, as Google takes about one a second" if google else ""


def _grace(tenant: Tenant) -> str:
    wanted = tenant.deletion
    dated = f", and not before the date in `{wanted.date_attribute}`" if wanted.date_attribute else ""
    return f"after {wanted.grace:g} days{dated}"


def _announced(tenant: Tenant) -> str:
    notice = tenant.deletion.notice
    if notice is None:
        return ""
    readers = [*(["the student's own address"] if notice.student else []), *(["the office"] if notice.office else [])]
    return f" {notice.days:g} days before, send the mail `{notice.template}` to {' and '.join(readers)} ({', '.join(notice.languages)})."


def _when(when: Mapping[str, tuple[str, ...]]) -> str:
    return (
        " and ".join(f"{name} is {' or '.join(values)}" for name, values in when.items())
        or "it applies to every student"
    )
