"""Ownership: whose account it is, where others write our field, share our directory, or have changed what we made."""

import time
from collections.abc import Mapping, Sequence

from consumer.events import MailState, Provider, WelcomeEmailStatus
from consumer.policy.marker import GRAPH_LENGTH, marker
from consumer.tenants import Tenant
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, entra, first_address, place, tenant_of, unmark, workspace
from proof.chaos.rows.students import accounts, listed, mails, people, reasons
from proof.chaos.scene import Scene
from sandbox.simulators.audit import Entry
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.temper import Answer, Rule
from sandbox.simulators.world import World

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_MINUTES_LATER = 300.0
"""Seconds: more than by which clocks differ."""


@BOOK.row(
    68,
    "a foreign account carries the student's number in the marker's field",
    expected="untouched; the student gets an account of their own",
)
async def numbered_like_a_student(scene: Scene) -> None:
    placed: list[str] = []
    students: list[str] = []
    for tenant_id, _ in BOTH:
        plain = [student for student in people(scene, tenant_id, 20) if len(student.student_id) <= GRAPH_LENGTH]
        for index, student in enumerate(plain[:6]):
            address = first_address(scene, tenant_id, student)
            if index % 2:  # else the foreign account stands where the student's would be
                address = f"staff-{index}@{address.partition('@')[2]}"
            placed.append(place(scene, tenant_id, address, student.student_id))
            students.append(student.student_id)
            await scene.produce([scene.event(tenant_id, student, 1)])
            scene.fire("foreign account with the student's number")
    await scene.quiet()
    _expect_untouched(scene, placed)
    await _expect_own(scene, students, placed)


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
async def one_directory(scene: Scene) -> None:
    shared: list[str] = []
    for index in range(8):
        north, south = scene.person(_NORTH, index), scene.person(_SOUTH, index)
        south = south.model_copy(update={"student_id": north.student_id})
        shared.append(north.student_id)
        await scene.produce([scene.event(_NORTH, north, 1), scene.event(_SOUTH, south, 1)])
        scene.fire("student id in both tenants")
    await scene.loaded()
    await scene.quiet()
    found = await scene.installation.watch.rows(
        f"SELECT student_id, object_id FROM account WHERE provider = 'microsoft' AND student_id IN ({listed(shared)})"  # noqa: S608  our own ids
    )
    scene.expect(len(found) == 2 * len(shared), f"{len(found)} accounts for {len(shared)} students in each tenant")
    scene.expect(len({ident for _, ident in found}) == len(found), "an account is two tenants'")
    crossed = _by_another_tenant(scene)
    scene.expect(not crossed, f"{len(crossed)} writes by a tenant to another one's accounts")


def _by_another_tenant(scene: Scene) -> Sequence[Entry]:
    """Writes at Graph that bear one tenant's credential and are about an account with another one's marker."""
    credentials = {tenant.microsoft.client_id: tenant.id for tenant in scene.installation.tenants if tenant.microsoft}
    marks = {
        marker(Provider.MICROSOFT, record.tenant_id, record.student_id): record.tenant_id for record in scene.records
    }
    writes = [call for call in scene.calls("graph.") if call.method != "GET" and "object_id" in call.noted]
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
async def untouchable(scene: Scene) -> None:
    placed: dict[str, tuple[str, str]] = {}  # student ids, with the tenant and the account
    wanted: dict[str, str] = {}
    for tenant_id, provider in BOTH:
        kinds = _AT_GRAPH if provider is Provider.MICROSOFT else _AT_GOOGLE
        for student, (kind, reason) in zip(people(scene, tenant_id, len(kinds)), kinds.items(), strict=True):
            mark = marker(provider, tenant_id, student.student_id)
            address = f"{kind}@{first_address(scene, tenant_id, student).partition('@')[2]}"
            placed[student.student_id] = tenant_id, _place(scene, tenant_id, address, mark, kind)
            wanted[student.student_id] = reason
            await scene.produce([scene.event(tenant_id, student, 1)])
            scene.fire(f"our marker on an account that is {kind}")

    async def held() -> bool:
        return await reasons(scene, wanted) == wanted

    await scene.until("each is held with the reason", held, seconds=60)
    idents = [ident for _, ident in placed.values()]
    _expect_untouched(scene, idents)
    for tenant_id, ident in placed.values():
        unmark(scene, tenant_id, ident)
    await scene.quiet()
    _expect_untouched(scene, idents)
    await _expect_own(scene, list(placed), idents)


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


def _place(scene: Scene, tenant_id: str, address: str, mark: str, kind: str) -> str:
    if not tenant_of(scene, tenant_id).microsoft:
        flag = {"guest": "is_guest", "administrator": "is_admin", "delegated": "is_delegated_admin"}[kind]
        return place(scene, tenant_id, address, mark, **{flag: True})
    more = {"synchronised": {"onPremisesSyncEnabled": True}, "guest": {"userType": "Guest"}}
    ident = place(scene, tenant_id, address, mark, **more.get(kind, {}))
    directory = entra(scene, tenant_id)
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
    expected="that mail is not sent, and downstream is told why",
)
async def replaced(scene: Scene) -> None:
    students = [(tenant_id, student) for tenant_id, _ in BOTH for student in people(scene, tenant_id, 5)]
    idents = [student.student_id for _, student in students]
    scene.tempers(Rule(route="mailgun.messages.send", temper=_BUSY))
    await scene.produce([scene.event(tenant_id, student, 1) for tenant_id, student in students])

    async def waiting() -> bool:
        return set(await reasons(scene, idents, step="welcome")) == set(idents)

    await scene.until("the mails wait", waiting, seconds=60)
    made_now = await accounts(scene, idents)
    for tenant_id, student in students:
        _replace_password(scene, tenant_id, made_now[student.student_id])
        scene.fire("password replaced by the school")
    scene.tempers()
    await scene.quiet()
    sent = await mails(scene, idents)
    scene.expect(not sent, f"{len(sent)} mails tell a password that was replaced")
    outcomes = [one.outcome for one in await scene.told(idents)]
    why = [str(one.reason) for one in outcomes if isinstance(one, WelcomeEmailStatus) and one.state is MailState.FAILED]
    scene.expect(why.count("credential_replaced") == len(idents), f"downstream was told {sorted(set(why))}")


_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "6"})


def _replace_password(scene: Scene, tenant_id: str, ident: str) -> None:
    """As the school does at the provider's console, some minutes after the account was made; at Google, its owner has signed in since."""
    if tenant_of(scene, tenant_id).microsoft:
        user = entra(scene, tenant_id).users[ident]
        user.password, user.password_changed_at = "Chosen-by-the-school-1", time.time() + _MINUTES_LATER
    elif known := workspace(scene, tenant_id).known(ident):
        known.password, known.last_login_at = "Chosen-by-the-school-1", time.time()


async def _expect_own(scene: Scene, students: Sequence[str], placed: Sequence[str]) -> None:
    own = await accounts(scene, students)
    scene.expect(len(own) == len(students), f"{len(own)} of {len(students)} students have an account")
    taken = set(own.values()) & set(placed)
    scene.expect(not taken, f"{len(taken)} accounts that are not ours were taken for students'")


def _expect_untouched(scene: Scene, placed: Sequence[str]) -> None:
    writes = [call for call in scene.calls() if call.method != "GET"]
    touched = [call for call in writes if any(ident in call.path or ident in call.request for ident in placed)]
    scene.expect(not touched, f"{len(touched)} writes to accounts that are not ours")
