"""Provider, what is in the directory beforehand: strangers at the address, accounts of our own, deleted ones."""

from secrets import token_urlsafe

from consumer.events import Provider, Student
from consumer.policy.addresses import candidates
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.chaos.row import BOOK
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.scene import Scene


def _tenant(scene: Scene, tenant_id: str) -> Tenant:
    return next(tenant for tenant in scene.installation.tenants if tenant.id == tenant_id)


def _address(scene: Scene, tenant_id: str, student: Student) -> str:
    """The first that the student would be given."""
    return next(iter(candidates(_tenant(scene, tenant_id).addresses, student)))


def _place(scene: Scene, tenant_id: str, address: str, mark: str | None) -> str:
    """Puts an account there by hand; returns its id."""
    tenant = _tenant(scene, tenant_id)
    if tenant.microsoft:
        properties = {
            "userPrincipalName": address,
            "mailNickname": address.partition("@")[0],
            "displayName": "Some Body",
            "accountEnabled": True,
            "usageLocation": "GR",
            **({"employeeId": mark} if mark else {}),
        }
        directory = scene.installation.world.graph.directories[tenant.microsoft.tenant_id]
        return directory.add(properties, password=token_urlsafe()).id
    customer = scene.installation.world.google.customer_of(address)
    assert customer is not None  # noqa: S101  its domain is laid out
    return customer.add_user(address, marker=mark).id


_TWO = (("north-high", Provider.MICROSOFT), ("harbour-college", Provider.GOOGLE))


@BOOK.row(38, "the address is a stranger's", expected="untouched; the next candidate")
async def strangers(scene: Scene) -> None:
    placed: list[str] = []
    for tenant_id, _ in _TWO:
        for index in range(6):
            student = scene.person(tenant_id, index)
            placed.append(_place(scene, tenant_id, _address(scene, tenant_id, student), None))
            await scene.produce([scene.event(tenant_id, student, 1)])
    await scene.quiet()
    refused = [call for route in CREATIONS for call in scene.calls(route) if call.status in {400, 409}]
    scene.fire("conflict", len(refused))
    touched = [call for call in scene.calls() if call.method != "GET" and any(ident in call.path for ident in placed)]
    scene.expect(not touched, f"{len(touched)} writes to strangers' accounts")


@BOOK.row(39, "the address is our own account's", expected="adopted; no second account")
async def our_own(scene: Scene) -> None:
    placed: list[str] = []
    for tenant_id, provider in _TWO:
        for index in range(6):
            student = scene.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            placed.append(_place(scene, tenant_id, _address(scene, tenant_id, student), mark))
            scene.fire("account of our own")
            await scene.produce([scene.event(tenant_id, student, 1)])
    await scene.quiet()
    ids = ", ".join(f"'{ident}'" for ident in placed)
    adopted = await scene.installation.watch.count(f"SELECT count(*) FROM account WHERE object_id IN ({ids})")  # noqa: S608  our own ids
    scene.expect(adopted == len(placed), f"{adopted} of {len(placed)} were adopted")


@BOOK.row(40, "our account is among the deleted", expected="restored")
async def deleted(scene: Scene) -> None:
    for tenant_id, provider in _TWO:
        for index in range(4):
            student = scene.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            # No namesake can have taken it meanwhile: that would be for a person to decide.
            address = f"returned-{index}@{_address(scene, tenant_id, student).partition('@')[2]}"
            ident = _place(scene, tenant_id, address, mark)
            _delete(scene, tenant_id, ident, address)
            await scene.produce([scene.event(tenant_id, student, 1)])
            scene.fire("deleted account")
    await scene.quiet()
    restored = [*scene.calls("graph.deleted.restore"), *scene.calls("directory.users.undelete")]
    scene.expect(sum(call.status < 300 for call in restored) >= 8, f"{len(restored)} of 8 were restored")


def _delete(scene: Scene, tenant_id: str, ident: str, address: str) -> None:
    tenant = _tenant(scene, tenant_id)
    if tenant.microsoft:
        scene.installation.world.graph.directories[tenant.microsoft.tenant_id].delete(ident)
    elif customer := scene.installation.world.google.customer_of(address):
        customer.delete(ident)
