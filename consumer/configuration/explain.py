"""`provisioner config explain`: what a status does to a student with these attributes, in words."""

from collections.abc import Iterator, Mapping

from consumer.events import Provider, Student
from consumer.policy.addresses import candidates
from consumer.policy.decision import Act, DecisionTable, Skip, SkipReason
from consumer.policy.rules import grant, matches
from consumer.tenants import Tenant

_SKIPS = {
    SkipReason.NO_ACTION: "Nothing: the status table maps this status to no provider action.",
    SkipReason.EXTERNAL_SYNC_DISABLED: "Nothing: the student is excluded from external synchronisation.",
    SkipReason.UNLISTED_STATUS: "Nothing: the status is not in the table, and `unlisted_status` is `skip`.",
}
_NAMES = {Provider.MICROSOFT: "Microsoft 365", Provider.GOOGLE: "Google Workspace"}


def explain(
    tenant: Tenant, status_id: str, attributes: Mapping[str, str], *, sync_disabled: bool = False
) -> Iterator[str]:
    """The decision and the plan, a sentence a line, for a made-up student."""
    decision = DecisionTable.of([tenant]).decide(tenant.id, status_id, external_sync_disabled=sync_disabled)
    row = next((row for row in tenant.statuses if row.id == status_id), None)
    if row:
        yield f'Status `{row.id}` of {tenant.name} is "{row.name}" ({row.type}).'
    else:
        yield f"Status `{status_id}` is not in the status table of {tenant.name}."
    if isinstance(decision, Skip):
        yield _SKIPS[decision.reason]
        return
    if not isinstance(decision, Act):
        yield "Its events go to the dead-letter topic, so that no student is lost: add a row for it, or set `unlisted_status: skip`."
        return
    student = Student(student_id="S-1", given_name="Maria", family_name="Rossi", attributes=dict(attributes))
    yield "It creates an account. For a student called Maria Rossi:"
    for number, rule in enumerate(tenant.rules, start=1):
        yield f"  Rule {number} {'applies' if matches(rule, student) else 'does not apply'}: {_when(rule.when)}."
    for provider in decision.providers:
        yield from _plan(tenant, student, provider)


def _plan(tenant: Tenant, student: Student, provider: Provider) -> Iterator[str]:
    given = grant(tenant, student, provider)
    addresses = candidates(tenant.addresses, student, country=tenant.country)
    yield f"  {_NAMES[provider]}:"
    yield f"    1. Reserve an address: {', then '.join(addresses[:3])}{', and so on' if len(addresses) > 3 else ''}."  # noqa: PLR2004  a few say it
    yield f"    2. Create the account with the student's marker{f' in {given.org_unit}' if given.org_unit else ''}."
    yield f"    3. Licences: {', '.join(given.licences) or 'none'}."
    yield f"    4. Groups: {', '.join(given.groups) or 'none'}."
    yield "    5. Publish `account-provisioned`."
    if tenant.welcome_email.enabled:
        languages = ", ".join(tenant.welcome_email.languages)
        yield f"    6. Send the mail `{tenant.welcome_email.template}` to the student's own address ({languages})."
    else:
        yield "    6. No welcome mail: `welcome_email.enabled` is false."


def _when(when: Mapping[str, tuple[str, ...]]) -> str:
    return (
        " and ".join(f"{name} is {' or '.join(values)}" for name, values in when.items())
        or "it applies to every student"
    )
