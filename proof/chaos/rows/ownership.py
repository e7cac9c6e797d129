"""Ownership: whose account it is, where others write our field, share our directory, or have changed what we made."""

import time
from collections.abc import Mapping, Sequence

from consumer.events import MailState, Provider, WelcomeEmailStatus
from consumer.policy.marker import GRAPH_LENGTH, marker
from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, entra, first_address, place, tenant_of, unmark, workspace
from proof.chaos.rows.students import accounts, listed, mails, people, reasons
from sandbox.simulators.audit import Entry
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.world import World

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_MINUTES_LATER = 300.0
"""Seconds: more than by which clocks differ."""


@BOOK.row(
    68,
    "a foreign account carries the student's number in the marker's field",
    expected="untouched; the student gets an account of their own",
)
async def numbered_like_a_student(experiment: Experiment) -> None:
    placed: list[str] = []
    students: list[str] = []
    for tenant_id, _ in BOTH:
        plain = [student for student in people(experiment, tenant_id, 20) if len(student.student_id) <= GRAPH_LENGTH]
        for index, student in enumerate(plain[:6]):
            address = first_address(experiment, tenant_id, student)
            if index % 2:  # else the foreign account stands where the student's would be
                address = f"staff-{index}@{address.partition('@')[2]}"
            placed.append(place(experiment, tenant_id, address, student.student_id))
            students.append(student.student_id)
            await experiment.produce([experiment.event(tenant_id, student, 1)])
            experiment.fire("foreign account with the student's number")
    await experiment.quiet()
    _expect_untouched(experiment, placed)
    await _expect_own(experiment, students, placed)


def _one_directory(world: World, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """The second tenant moves into the first one's directory, with an application, a domain and groups of its own."""
    north, harbour, south = tenants
    if north.microsoft is None or south.microsoft is None:
        raise LookupError("both have a Microsoft section")
    institution = next(one for one in world.institutions if one.id == south.id)
    directory = world.graph.directories[north.microsoft.tenant_id]
    directory.domains = (*directory.domains, institution.domain)
    directory.groups |= {institution.guid(school): set[str]() for school in SCHOOLS}
    secret = (world.directory / "secrets" / f"{south.id}.graph").read_text(encoding="utf-8")
    world.graph.tokens.register(north.microsoft.tenant_id, south.microsoft.client_id, secret)
    moved = south.microsoft.model_copy(update={"tenant_id": north.microsoft.tenant_id})
    return north, harbour, south.model_copy(update={"microsoft": moved})


@BOOK.row(
    69,
    "two tenants in one directory, with equal student ids",
    expected="each student their own account; no write by the other tenant",
    arrange=_one_directory,
)
async def one_directory(experiment: Experiment) -> None:
    shared: list[str] = []
    for index in range(8):
        north, south = experiment.person(_NORTH, index), experiment.person(_SOUTH, index)
        south = south.model_copy(update={"student_id": north.student_id})
        shared.append(north.student_id)
        await experiment.produce([experiment.event(_NORTH, north, 1), experiment.event(_SOUTH, south, 1)])
        experiment.fire("student id in both tenants")
    await experiment.loaded()
    await experiment.quiet()
    found = await experiment.installation.watch.rows(
        f"SELECT student_id, object_id FROM account WHERE provider = 'microsoft' AND student_id IN ({listed(shared)})"  # noqa: S608  our own ids
    )
    experiment.expect(len(found) == 2 * len(shared), f"{len(found)} accounts for {len(shared)} students in each tenant")
    experiment.expect(len({ident for _, ident in found}) == len(found), "an account is two tenants'")
    crossed = _by_another_tenant(experiment)
    experiment.expect(not crossed, f"{len(crossed)} writes by a tenant to another one's accounts")


def _by_another_tenant(experiment: Experiment) -> Sequence[Entry]:
    """Writes at Graph that bear one tenant's credential and are about an account with another one's marker."""
    credentials = {
        tenant.microsoft.client_id: tenant.id for tenant in experiment.installation.tenants if tenant.microsoft
    }
    marks = {
        marker(Provider.MICROSOFT, record.tenant_id, record.student_id): record.tenant_id
        for record in experiment.records
    }
    writes = [call for call in experiment.calls("graph.") if call.method != "GET" and "object_id" in call.noted]
    return [
        call
        for call in writes
        if credentials.get(str(call.noted.get("credential"))) != marks.get(str(call.noted.get("marker")))
    ]


@BOOK.row(
    70,
    "our marker on a synchronised, a guest's or an administrator's account",
    expected="held with the reason, 0 writes; unmarked by hand, the student gets an account of their own",
)
async def untouchable(experiment: Experiment) -> None:
    placed: dict[str, tuple[str, str]] = {}  # student ids, with the tenant and the account
    wanted: dict[str, str] = {}
    for tenant_id, provider in BOTH:
        kinds = _AT_GRAPH if provider is Provider.MICROSOFT else _AT_GOOGLE
        for student, (kind, reason) in zip(people(experiment, tenant_id, len(kinds)), kinds.items(), strict=True):
            mark = marker(provider, tenant_id, student.student_id)
            address = f"{kind}@{first_address(experiment, tenant_id, student).partition('@')[2]}"
            placed[student.student_id] = tenant_id, _place(experiment, tenant_id, address, mark, kind)
            wanted[student.student_id] = reason
            await experiment.produce([experiment.event(tenant_id, student, 1)])
            experiment.fire(f"our marker on an account that is {kind}")

    async def held() -> bool:
        return await reasons(experiment, wanted) == wanted

    await experiment.until("each is held with the reason", held, seconds=60)
    idents = [ident for _, ident in placed.values()]
    _expect_untouched(experiment, idents)
    for tenant_id, ident in placed.values():
        unmark(experiment, tenant_id, ident)
    await experiment.quiet()
    _expect_untouched(experiment, idents)
    await _expect_own(experiment, list(placed), idents)


_AT_GRAPH: Mapping[str, str] = {
    "synchronised": "synchronised_account",
    "guest": "guest_account",
    "administrator": "privileged_account",
    "eligible": "privileged_account",
    "by-group": "privileged_account",
}
_AT_GOOGLE: Mapping[str, str] = {
    "guest": "guest_account",
    "administrator": "privileged_account",
    "delegated": "privileged_account",
}
"""Kinds of accounts, with the reasons that their students are held for."""


def _place(experiment: Experiment, tenant_id: str, address: str, mark: str, kind: str) -> str:
    if not tenant_of(experiment, tenant_id).microsoft:
        flag = {"guest": "is_guest", "administrator": "is_admin", "delegated": "is_delegated_admin"}[kind]
        return place(experiment, tenant_id, address, mark, **{flag: True})
    more = {"synchronised": {"onPremisesSyncEnabled": True}, "guest": {"userType": "Guest"}}
    ident = place(experiment, tenant_id, address, mark, **more.get(kind, {}))
    directory = entra(experiment, tenant_id)
    if kind == "administrator":
        directory.users[ident].roles.append("user-administrator")
    elif kind == "eligible":
        directory.users[ident].eligible_roles.append("user-administrator")
    elif kind == "by-group":
        directory.add_group("administrators", GroupKind.ROLE_ASSIGNABLE, roles=["user-administrator"])
        directory.groups["administrators"].add(ident)
    return ident


@BOOK.row(
    88,
    "the school replaced the password while the mail waited",
    expected="that mail is not sent, and the reason is published",
)
async def replaced(experiment: Experiment) -> None:
    students = [(tenant_id, student) for tenant_id, _ in BOTH for student in people(experiment, tenant_id, 5)]
    idents = [student.student_id for _, student in students]
    experiment.faults(FaultRule(route="mailgun.messages.send", fault=_BUSY))
    await experiment.produce([experiment.event(tenant_id, student, 1) for tenant_id, student in students])

    async def waiting() -> bool:
        return set(await reasons(experiment, idents, step="welcome")) == set(idents)

    await experiment.until("the mails wait", waiting, seconds=60)
    made_now = await accounts(experiment, idents)
    for tenant_id, student in students:
        _replace_password(experiment, tenant_id, made_now[student.student_id])
        experiment.fire("password replaced by the school")
    experiment.faults()
    await experiment.quiet()
    sent = await mails(experiment, idents)
    experiment.expect(not sent, f"{len(sent)} mails tell a password that was replaced")
    outcomes = [one.outcome for one in await experiment.published(idents)]
    why = [str(one.reason) for one in outcomes if isinstance(one, WelcomeEmailStatus) and one.state is MailState.FAILED]
    experiment.expect(why.count("credential_replaced") == len(idents), f"published reasons: {sorted(set(why))}")


_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "6"})


def _replace_password(experiment: Experiment, tenant_id: str, ident: str) -> None:
    """As the school does at the provider's console, some minutes after the account was made; at Google, its owner has signed in since."""
    if tenant_of(experiment, tenant_id).microsoft:
        user = entra(experiment, tenant_id).users[ident]
        user.password, user.password_changed_at = "Chosen-by-the-school-1", time.time() + _MINUTES_LATER
    elif known := workspace(experiment, tenant_id).known(ident):
        known.password, known.last_login_at = "Chosen-by-the-school-1", time.time()


async def _expect_own(experiment: Experiment, students: Sequence[str], placed: Sequence[str]) -> None:
    own = await accounts(experiment, students)
    experiment.expect(len(own) == len(students), f"{len(own)} of {len(students)} students have an account")
    taken = set(own.values()) & set(placed)
    experiment.expect(not taken, f"{len(taken)} accounts that are not ours were taken for students'")


def _expect_untouched(experiment: Experiment, placed: Sequence[str]) -> None:
    writes = [call for call in experiment.calls() if call.method != "GET"]
    touched = [call for call in writes if any(ident in call.path or ident in call.request for ident in placed)]
    experiment.expect(not touched, f"{len(touched)} writes to accounts that are not ours")
