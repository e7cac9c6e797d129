"""What contacting the vendors of an institution finds: nothing where all is well, else one line for each thing that is wrong."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from consumer.preflight.judgement.google import DOMAIN_SCOPE
from consumer.preflight.judgement.microsoft import ONLY_FOR_CHECKS
from consumer.providers.google.scopes import LICENSING
from consumer.providers.google.tokens import ORG_UNIT_SCOPE, SCOPES
from consumer.providers.microsoft.directory import FOR_ADMIN_UNITS, PERMISSIONS
from sandbox.simulators.faults import Answer, FaultRule, Latency, Refuse
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.units import UnitTraits
from sandbox.simulators.mailgun.account import DomainState
from sandbox.simulators.vendors import EDUCATION_PLUS, EDUCATION_STANDARD, LEAVERS, SKU
from tests.preflight.installation import NORTH, Installation, lines

Break = Callable[[Installation], None]

GROUP = "rules.2.groups.microsoft.1"
USER_SCOPE, MEMBER_SCOPE = SCOPES
CLIENT = "microsoft.client_id"
UNIT = "02bd9fd6-8f93-4758-87c3-1fb73740a315"


async def test_a_healthy_installation_has_no_line(installation: Installation) -> None:
    findings = await installation.findings()
    assert (list(findings.mistakes), list(findings.notes)) == ([], [])


async def test_a_healthy_installation_that_gives_licences_at_google_has_no_line(installation: Installation) -> None:
    licensed()(installation)
    edited("rules", 1, "licences", value=[EDUCATION_STANDARD])(installation)
    edited("google", "limits", value={"licences": 100})(installation)
    findings = await installation.findings()
    assert (list(findings.mistakes), list(findings.notes)) == ([], [])
    asked = [entry.path for entry in installation.server.audit.entries() if entry.route.startswith("licensing.")]
    assert len(asked) == 2


async def test_the_scope_for_licences_is_asked_for_where_the_rules_give_some(installation: Installation) -> None:
    installation.customer.delegate(NORTH.service_account, [*SCOPES, DOMAIN_SCOPE])
    assert lines(await installation.findings()) == []


async def test_a_used_up_quota_of_the_license_manager_is_a_note(installation: Installation) -> None:
    answering_licences(503, "backendError")(installation)
    findings = await installation.findings()
    assert lines(findings) == []
    assert [note.place for note in findings.notes] == ["rules.1.licences.2"]


async def test_nothing_is_written_and_no_mail_is_sent(installation: Installation) -> None:
    await installation.findings()
    entries = installation.server.audit.entries()
    asked = {(entry.method, entry.route) for entry in entries if entry.method != "GET"}
    assert asked == {("POST", "entra.token"), ("POST", "google.token"), ("POST", "mailgun.messages.send")}
    assert {entry.status for entry in entries if entry.route == "mailgun.messages.send"} == {400}
    assert list(installation.world.mail.mailbox.mails) == []


async def test_with_the_grants_of_the_service_alone_notes_say_what_was_not_seen(installation: Installation) -> None:
    installation.permit(only=list(PERMISSIONS))
    installation.customer.delegate(NORTH.service_account, SCOPES)
    findings = await installation.findings()
    assert lines(findings) == []
    assert [note.place for note in findings.notes] == ["addresses.domain", "rules.1.licences.1"]
    assert DOMAIN_SCOPE in findings.notes[0].right
    assert all(name in findings.notes[1].right for name in ONLY_FOR_CHECKS)


def without_permissions(installation: Installation) -> None:
    installation.permit(only=[])


def another_group(kind: GroupKind) -> Break:
    def change(installation: Installation) -> None:
        installation.directory.add_group(NORTH.guid("north"), kind)

    return change


def edited(*path: str | int, value: object) -> Break:
    def change(installation: Installation) -> None:
        def put(data: dict[str, Any]) -> None:
            inner: Any = data
            for part in path[:-1]:
                inner = inner[part]
            inner[path[-1]] = value

        installation.edit(put)

    return change


def placed_in(unit: str, traits: UnitTraits | None = None, *, permitted: bool = True) -> Break:
    """A rule names that unit; the one that exists is `UNIT`."""

    def change(installation: Installation) -> None:
        installation.directory.units.add(UNIT, traits)
        installation.permit(beside=FOR_ADMIN_UNITS if permitted else ())
        edited("rules", 1, "admin_unit", value=unit)(installation)

    return change


def secret(kind: str, text: str) -> Break:
    def change(installation: Installation) -> None:
        (installation.world.directory / f"secrets/north.{kind}").write_text(text)

    return change


def other_key(installation: Installation) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    installation.world.google.tokens.register(NORTH.service_account, key.public_key())


def answering(route: str, status: int, body: Mapping[str, Any]) -> Break:
    def change(installation: Installation) -> None:
        installation.server.faults.set([FaultRule(route=route, fault=Answer(status=status, body=json.dumps(body)))])

    return change


def sending_key(installation: Installation) -> None:
    installation.world.mail.add_key("only-sends", sending_for=NORTH.mail_domain)
    secret("mailgun", "only-sends")(installation)


def mail_domain(state: DomainState) -> Break:
    def change(installation: Installation) -> None:
        key = installation.world.mail.key("api", (installation.world.directory / "secrets/north.mailgun").read_text())
        installation.world.mail.domain(key, NORTH.mail_domain).state = state

    return change


def no_administrator(installation: Installation) -> None:
    holder = installation.customer.holder(NORTH.admin)
    assert holder is not None
    holder.is_admin = False


def licensed(licence: str = EDUCATION_PLUS, broken: Break | None = None) -> Break:
    """The first rule gives this licence of Google's too."""

    def change(installation: Installation) -> None:
        edited("rules", 0, "licences", value=[SKU, licence])(installation)
        if broken:
            broken(installation)

    return change


def answering_licences(status: int, reason: str, message: str = "") -> Break:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    return licensed(broken=answering("licensing.*", status, body))


BROKEN: Mapping[str, tuple[Break, str, str]] = {
    "secret wrong": (secret("graph", "wrong"), "microsoft.client_secret", "is not a secret of this application"),
    "secret expired": (
        lambda i: i.world.graph.tokens.expire(NORTH.guid("tenant"), NORTH.guid("client")),
        "microsoft.client_secret",
        "has expired",
    ),
    "directory unknown": (
        edited("microsoft", "tenant_id", value="00000000-0000-4000-8000-000000000000"),
        "microsoft.tenant_id",
        "is not a directory known to Entra",
    ),
    "application unknown": (
        edited("microsoft", "client_id", value="00000000-0000-4000-8000-000000000000"),
        CLIENT,
        "is not an application of this directory",
    ),
    "nothing consented": (without_permissions, CLIENT, "has none of the permissions"),
    "permission missing": (
        lambda i: i.permit(without=["User.DeleteRestore.All"]),
        CLIENT,
        "lacks `User.DeleteRestore.All`",
    ),
    "permission for groups missing": (
        lambda i: i.permit(without=["GroupMember.ReadWrite.All"]),
        CLIENT,
        "lacks `GroupMember.ReadWrite.All`",
    ),
    "domain federated": (
        lambda i: i.directory.federated.add(NORTH.domain),
        "addresses.domain",
        "is federated",
    ),
    "group gone": (
        lambda i: i.directory.groups.__delitem__(NORTH.guid("north")),
        GROUP,
        "is not a group of this directory",
    ),
    "group mail-enabled": (another_group(GroupKind.MAIL_ENABLED), GROUP, "names a mail-enabled security group"),
    "group synchronised": (another_group(GroupKind.SYNCHRONISED), GROUP, "names a group that is synchronised"),
    "group dynamic": (another_group(GroupKind.DYNAMIC), GROUP, "names a group with dynamic membership"),
    "group for roles": (another_group(GroupKind.ROLE_ASSIGNABLE), GROUP, "names a group that roles can be assigned to"),
    "licence unknown": (
        lambda i: i.directory.stock.clear(),
        "rules.1.licences.1",
        "is not a licence of this institution",
    ),
    "licence used up": (
        lambda i: i.directory.stock.__setitem__(SKU, 0),
        "rules.1.licences.1",
        "is a licence with no units left",
    ),
    "subscription over": (lambda i: i.directory.suspended.add(SKU), "rules.1.licences.1", "is a licence whose subscr"),
    "marker's extension": (
        edited("microsoft", "marker", value="extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"),
        "microsoft.marker",
        "names `extension_b7d8e648520f41d3b9c0fdeb91768a0a_student`",
    ),
    "Entra away": (
        lambda i: i.server.faults.set([FaultRule(route="entra.*", fault=Refuse())]),
        "microsoft.authority_url",
        "is not reachable",
    ),
    "Graph away": (
        lambda i: i.server.faults.set([FaultRule(route="graph.*", fault=Refuse())]),
        "microsoft.graph_url",
        "is not reachable",
    ),
    "nothing delegated": (
        lambda i: i.customer.delegations.clear(),
        "google.service_account",
        "belongs to a service account without domain-wide delegation",
    ),
    "scope missing": (
        lambda i: i.customer.delegate(NORTH.service_account, [USER_SCOPE, DOMAIN_SCOPE]),
        "google.service_account",
        f"belongs to a service account that lacks the scope `{MEMBER_SCOPE}`",
    ),
    "key replaced": (other_key, "google.service_account", "is a key that Google no longer accepts"),
    "administrator unknown": (
        edited("google", "admin_subject", value=f"stranger@{NORTH.domain}"),
        "google.admin_subject",
        "is not a user of Google Workspace",
    ),
    "administrator without a role": (no_administrator, "google.admin_subject", "may not read users"),
    "Admin SDK off": (
        answering(
            "directory.users.list",
            403,
            {"error": {"code": 403, "message": "disabled", "errors": [{"reason": "accessNotConfigured"}]}},
        ),
        "google.service_account",
        "belongs to a project in which the Admin SDK API is off",
    ),
    "domain not verified": (
        lambda i: i.customer.unverified.add(NORTH.domain),
        "addresses.domain",
        "is not verified at Google",
    ),
    "unit gone": (
        lambda i: i.customer.org_units.discard("/Students/north"),
        "rules.2.org_unit",
        "is not an organisational unit",
    ),
    "leavers' unit gone": (
        lambda i: i.customer.org_units.discard(LEAVERS),
        "suspension.org_unit",
        "is not an organisational unit",
    ),
    "units to be created without the scope": (
        edited("google", "create_org_units", value=True),
        "google.service_account",
        f"belongs to a service account that lacks the scope `{ORG_UNIT_SCOPE}`",
    ),
    "administrative unit unknown": (
        placed_in(UNIT.replace("0", "1")),
        "rules.2.admin_unit",
        "is not an administrative unit of this directory",
    ),
    "administrative unit dynamic": (
        placed_in(UNIT, UnitTraits(dynamic=True)),
        "rules.2.admin_unit",
        "names an administrative unit with dynamic membership",
    ),
    "administrative unit without the permission": (
        placed_in(UNIT, permitted=False),
        CLIENT,
        "lacks `AdministrativeUnit.ReadWrite.All`, needed to put students into administrative units",
    ),
    "Google's licence unknown": (
        licensed("101031/1010319999"),
        "rules.1.licences.2",
        "is not a licence that Google knows",
    ),
    "scope for licences missing": (
        licensed(broken=lambda i: i.customer.delegate(NORTH.service_account, [*SCOPES, DOMAIN_SCOPE])),
        "google.service_account",
        f"belongs to a service account that lacks the scope `{LICENSING[0]}`",
    ),
    "License Manager off": (
        answering_licences(403, "accessNotConfigured"),
        "google.service_account",
        "belongs to a project in which the Enterprise License Manager API is off",
    ),
    "administrator without the privilege": (
        answering_licences(403, "forbidden", "Not Authorized to access this resource/api"),
        "google.admin_subject",
        "may not manage licences",
    ),
    "License Manager away": (
        licensed(broken=lambda i: i.server.faults.set([FaultRule(route="licensing.*", fault=Refuse())])),
        "google.licensing_url",
        "is not reachable",
    ),
    "Google's group gone": (
        edited("rules", 1, "groups", "google", value=[f"gone@{NORTH.domain}"]),
        "rules.2.groups.google.1",
        "is not a group of this Google Workspace",
    ),
    "mail domain unverified": (mail_domain(DomainState.UNVERIFIED), "mailgun.domain", "is not verified"),
    "mail domain disabled": (mail_domain(DomainState.DISABLED), "mailgun.domain", "is disabled by Mailgun"),
    "mail domain a sandbox": (mail_domain(DomainState.SANDBOX), "mailgun.domain", "is a sandbox"),
    "mail domain unknown": (
        edited("mailgun", "domain", value="mail.elsewhere.example"),
        "mailgun.domain",
        "is not a domain of this Mailgun account in the region `us`",
    ),
    "mail key unknown": (secret("mailgun", "wrong"), "mailgun.api_key", "may not send from `mailgun.domain`"),
    "mail key only sends": (sending_key, "mailgun.api_key", "may send, but not read events"),
}


@pytest.mark.parametrize(("broken", "place", "wrong"), BROKEN.values(), ids=BROKEN.keys())
async def test_one_thing_that_is_wrong_is_one_line(
    installation: Installation, broken: Break, place: str, wrong: str
) -> None:
    broken(installation)
    findings = await installation.findings()
    assert [(one.place, one.wrong.startswith(wrong)) for one in findings.mistakes] == [(place, True)], lines(findings)
    assert findings.notes == []


async def test_ten_broken_things_are_ten_lines_that_say_where_they_are_and_what_to_do(
    installation: Installation,
) -> None:
    together = (
        "permission missing",
        "domain federated",
        "group dynamic",
        "licence used up",
        "unit gone",
        "Google's group gone",
        "domain not verified",
        "mail key only sends",
    )
    for name in together:
        BROKEN[name][0](installation)
    installation.permit(without=["User.DeleteRestore.All", "User-PasswordProfile.ReadWrite.All"])
    del installation.directory.groups[NORTH.guid("south")]
    findings = await installation.findings()
    expected = {(place, wrong) for _, place, wrong in (BROKEN[name] for name in together)} | {
        (CLIENT, "lacks `User-PasswordProfile.ReadWrite.All`"),
        ("rules.3.groups.microsoft.1", "is not a group of this directory"),
    }
    assert len(findings.mistakes) == len(expected) == 10
    for place, wrong in expected:
        assert any(one.place == place and one.wrong.startswith(wrong) for one in findings.mistakes), (place, wrong)
    text = installation.file.read_text().splitlines()
    for one in findings.mistakes:
        assert Path(one.file).name == "north.yaml"
        assert one.line <= len(text)
        assert one.right.endswith(".")


async def test_a_unit_that_the_service_will_create_is_a_note(installation: Installation) -> None:
    edited("google", "create_org_units", value=True)(installation)
    installation.customer.delegate(NORTH.service_account, [*NORTH.scopes, ORG_UNIT_SCOPE])
    installation.customer.org_units.discard("/Students/north")
    findings = await installation.findings()
    assert lines(findings) == []
    assert [(note.place, "it is created" in note.wrong) for note in findings.notes] == [("rules.2.org_unit", True)]


@pytest.mark.parametrize(
    ("traits", "wrong"),
    [
        (UnitTraits(), None),
        (UnitTraits(restricted=True), "restricted management"),
        (UnitTraits(hidden=True), "hides its members"),
    ],
)
async def test_what_the_school_must_know_of_an_administrative_unit_is_a_note(
    installation: Installation, traits: UnitTraits, wrong: str | None
) -> None:
    placed_in(UNIT, traits)(installation)
    findings = await installation.findings()
    assert lines(findings) == []
    assert [wrong in note.wrong for note in findings.notes if wrong] == ([True] if wrong else [])
    assert len(findings.notes) == (1 if wrong else 0)


async def test_the_permission_for_units_may_stay_where_no_rule_names_one_any_more(installation: Installation) -> None:
    installation.permit(beside=FOR_ADMIN_UNITS)
    findings = await installation.findings()
    assert (lines(findings), findings.notes) == ([], [])


async def test_a_permission_that_nothing_uses_is_a_note(installation: Installation) -> None:
    installation.permit(beside=["Mail.Send"])
    findings = await installation.findings()
    assert lines(findings) == []
    assert [(note.place, note.wrong) for note in findings.notes] == [
        (CLIENT, "has `Mail.Send`, which the service does not use")
    ]


async def test_a_permission_that_the_rules_do_not_need_may_be_missing(installation: Installation) -> None:
    def strip(data: dict[str, Any]) -> None:
        data["welcome_email"]["enabled"] = False
        for rule in data["rules"]:
            rule.pop("licences", None)

    installation.edit(strip)
    installation.permit(without=["LicenseAssignment.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"])
    assert lines(await installation.findings()) == []


async def test_a_mail_domain_is_looked_at_only_where_mail_is_sent(installation: Installation) -> None:
    mail_domain(DomainState.DISABLED)(installation)
    edited("welcome_email", "enabled", value=False)(installation)
    assert lines(await installation.findings()) == []


async def test_a_domain_of_another_directory_is_distinguished_from_one_that_no_one_has(
    installation: Installation,
) -> None:
    installation.world.graph.add_directory("another-directory", "students.elsewhere.example")
    edited("addresses", "domain", value="students.elsewhere.example")(installation)
    (at_google, at_microsoft) = lines(await installation.findings())
    assert at_google == ("addresses.domain", "is not a domain of this Google Workspace")
    assert at_microsoft == ("addresses.domain", "is verified in another directory (another-directory)")
    edited("addresses", "domain", value="students.nowhere.example")(installation)
    assert ("addresses.domain", "is not verified at Microsoft") in lines(await installation.findings())


async def test_a_domain_in_mailguns_other_region_is_named(installation: Installation) -> None:
    installation.edit(lambda data: data["mailgun"].pop("url"))
    here = installation.server.url("mailgun")
    # In the region that is configured, the domain is not known: another path of the same server answers so.
    findings = await installation.findings(regions={"us": f"{here}/elsewhere", "eu": here})
    assert [one.place for one in findings.mistakes] == ["mailgun.region"]
    assert findings.mistakes[0].right == "Set it to `eu`."


async def test_a_vendor_that_is_rate_limited_is_a_note(installation: Installation) -> None:
    answering("graph.groups.get", 429, {"error": {"code": "TooManyRequests", "message": "later"}})(installation)
    findings = await installation.findings()
    assert lines(findings) == []
    assert all("rate limited" in note.wrong for note in findings.notes)
    assert len(findings.notes) == 3


async def test_a_vendor_that_never_answers_ends_in_time(installation: Installation) -> None:
    installation.server.faults.set([FaultRule(route="directory.*", fault=Latency(low=30, high=30))])
    findings = await installation.findings(timeout=1.5)
    # On a busy machine, another vendor may take longer than that as well.
    of_google = [one.place for one in findings.mistakes if one.place.startswith("google")]
    assert of_google in (["google"], ["google.directory_url"])
