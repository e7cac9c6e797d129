"""Provider, what is in the directory beforehand: strangers at the address, accounts of our own, deleted ones."""

from consumer.policy.marker import marker
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, delete, first_address, place
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.scene import Scene


@BOOK.row(38, "the address is a stranger's", expected="untouched; the next candidate")
async def strangers(scene: Scene) -> None:
    placed: list[str] = []
    for tenant_id, _ in BOTH:
        for index in range(6):
            student = scene.person(tenant_id, index)
            placed.append(place(scene, tenant_id, first_address(scene, tenant_id, student), None))
            await scene.produce([scene.event(tenant_id, student, 1)])
    await scene.quiet()
    refused = [call for route in CREATIONS for call in scene.calls(route) if call.status in {400, 409}]
    scene.fire("conflict", len(refused))
    touched = [call for call in scene.calls() if call.method != "GET" and any(ident in call.path for ident in placed)]
    scene.expect(not touched, f"{len(touched)} writes to strangers' accounts")


@BOOK.row(39, "the address is our own account's", expected="adopted; no second account")
async def our_own(scene: Scene) -> None:
    placed: list[str] = []
    for tenant_id, provider in BOTH:
        for index in range(6):
            student = scene.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            placed.append(place(scene, tenant_id, first_address(scene, tenant_id, student), mark))
            scene.fire("account of our own")
            await scene.produce([scene.event(tenant_id, student, 1)])
    await scene.quiet()
    ids = ", ".join(f"'{ident}'" for ident in placed)
    adopted = await scene.installation.watch.count(f"SELECT count(*) FROM account WHERE object_id IN ({ids})")  # noqa: S608  our own ids
    scene.expect(adopted == len(placed), f"{adopted} of {len(placed)} were adopted")


@BOOK.row(40, "our account is among the deleted", expected="restored")
async def deleted(scene: Scene) -> None:
    for tenant_id, provider in BOTH:
        for index in range(4):
            student = scene.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            # No namesake can have taken it meanwhile: that would be for a person to decide.
            address = f"returned-{index}@{first_address(scene, tenant_id, student).partition('@')[2]}"
            ident = place(scene, tenant_id, address, mark)
            delete(scene, tenant_id, ident)
            await scene.produce([scene.event(tenant_id, student, 1)])
            scene.fire("deleted account")
    await scene.quiet()
    restored = [*scene.calls("graph.deleted.restore"), *scene.calls("directory.users.undelete")]
    scene.expect(sum(call.status < 300 for call in restored) >= 8, f"{len(restored)} of 8 were restored")
