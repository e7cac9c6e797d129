"""What the vendors hold at the end."""

from collections.abc import Iterable, Iterator, Sequence

from consumer.events import Provider
from consumer.policy.profile import ProfilePart
from consumer.tenants import Tenant
from proof.history import Call, HeldAccount, Mail, Operation, fingerprint
from sandbox.simulators.google.api import DirectoryApi
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.letterbox import initial_password, sign_in_name
from sandbox.simulators.mailgun.account import Accounts

_GRAPH = {
    ProfilePart.GIVEN_NAME: "givenName",
    ProfilePart.FAMILY_NAME: "surname",
    ProfilePart.DISPLAY_NAME: "displayName",
    ProfilePart.PREFERRED_LANGUAGE: "preferredLanguage",
}


def accounts(
    graph: GraphApi, google: DirectoryApi, tenants: Iterable[Tenant], calls: Iterable[Call]
) -> Sequence[HeldAccount]:
    """Every account of the tenants' directories, deleted ones too."""
    made = {
        call.object_id for call in calls if call.operation is Operation.CREATE and call.effective and call.object_id
    }
    held = list[HeldAccount]()
    for tenant in tenants:
        if tenant.microsoft:
            held += _of_graph(graph, tenant.id, tenant.microsoft.tenant_id, made)
        if tenant.google:
            held += _of_google(google, tenant.id, tenant.google.admin_subject, made)
    return held


def mails(accounts: Accounts, tenants: Iterable[Tenant]) -> Sequence[Mail]:
    """Every welcome mail that was accepted, once for each recipient; whether it was delivered or not."""
    domains = {tenant.mailgun.domain: tenant.id for tenant in tenants if tenant.mailgun}
    return [
        Mail(
            accepted_at=mail.accepted_at,
            tenant_id=domains[mail.domain],
            message_id=mail.message_id,
            address=sign_in_name(mail),
            secret=fingerprint(initial_password(mail)),
        )
        for mail in accounts.mailbox.mails
        if mail.domain in domains and not mail.message_id.startswith("deletion.")
    ]


def _of_graph(graph: GraphApi, tenant_id: str, directory_id: str, made: set[str]) -> Iterator[HeldAccount]:
    directory = graph.directories[directory_id]
    for user in directory.users.values():
        yield HeldAccount(
            tenant_id=tenant_id,
            provider=Provider.MICROSOFT,
            object_id=user.id,
            address=user.upn.removeprefix(user.deleted_prefix).lower(),
            marker=user.marker,
            deleted=user.deleted_at is not None,
            ours=user.id in made,
            secret=fingerprint(user.password),
            enabled=user.properties.get("accountEnabled") is not False,
            licences=frozenset(user.licences),
            groups=frozenset(group.lower() for group, members in directory.groups.items() if user.id in members),
            admin_units=frozenset(directory.units.of(user)),
            profile={part: user.properties.get(name) for part, name in _GRAPH.items()},
            created_at=user.created_at,
            deleted_at=user.deleted_at,
            untouchable=_untouchable(
                guest=user.properties.get("userType") == "Guest",
                privileged=bool(user.roles or user.scoped_roles or user.eligible_roles),
                synchronised=user.synchronised,
            ),
        )


def _of_google(google: DirectoryApi, tenant_id: str, administrator: str, made: set[str]) -> Iterator[HeldAccount]:
    customer = google.customer_of(administrator)
    if customer is None:
        raise LookupError(f"{tenant_id} has no Google customer in this world")
    groups = [(group.email, group.members) for group in customer.groups.all]
    licences = customer.licences.held
    for user in customer.users:
        yield HeldAccount(
            tenant_id=tenant_id,
            provider=Provider.GOOGLE,
            object_id=user.id,
            address=user.primary_email,
            marker=user.marker,
            deleted=user.deleted_at is not None,
            ours=user.id in made,
            secret=fingerprint(user.password),
            enabled=not user.suspended,
            licences=frozenset(f"{one.product}/{one.sku}" for one in licences if one.user.id == user.id),
            groups=frozenset(email for email, members in groups if user.id in members),
            org_unit=user.org_unit,
            profile={
                ProfilePart.GIVEN_NAME: user.given_name,
                ProfilePart.FAMILY_NAME: user.family_name,
                ProfilePart.PREFERRED_LANGUAGE: next(
                    (one["languageCode"] for one in user.kept.get("languages", ())), None
                ),
            },
            created_at=user.created_at,
            deleted_at=user.deleted_at,
            untouchable=_untouchable(
                guest=bool(user.kept.get("isGuestUser")), privileged=user.is_admin or user.is_delegated_admin
            ),
        )


def _untouchable(*, guest: bool, privileged: bool, synchronised: bool = False) -> str | None:
    kinds = {"a guest's": guest, "an administrator's": privileged, "synchronised": synchronised}
    return next((kind for kind, applies in kinds.items() if applies), None)
