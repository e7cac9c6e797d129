"""Provider, what is in the directory beforehand: strangers at the address, accounts of our own, deleted ones."""

from consumer.policy.marker import marker
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, delete, first_address, place
from proof.chaos.rows.provider import CREATIONS


@BOOK.row(38, "the address is a stranger's", expected="untouched; the next candidate")
async def strangers(experiment: Experiment) -> None:
    placed: list[str] = []
    for tenant_id, _ in BOTH:
        for index in range(6):
            student = experiment.person(tenant_id, index)
            placed.append(place(experiment, tenant_id, first_address(experiment, tenant_id, student), None))
            await experiment.produce([experiment.event(tenant_id, student, 1)])
    await experiment.quiet()
    refused = [call for route in CREATIONS for call in experiment.calls(route) if call.status in {400, 409}]
    experiment.fire("conflict", len(refused))
    touched = [
        call for call in experiment.calls() if call.method != "GET" and any(ident in call.path for ident in placed)
    ]
    experiment.expect(not touched, f"{len(touched)} writes to strangers' accounts")


@BOOK.row(39, "the address is our own account's", expected="adopted; no second account")
async def our_own(experiment: Experiment) -> None:
    placed: list[str] = []
    for tenant_id, provider in BOTH:
        for index in range(6):
            student = experiment.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            placed.append(place(experiment, tenant_id, first_address(experiment, tenant_id, student), mark))
            experiment.fire("account of our own")
            await experiment.produce([experiment.event(tenant_id, student, 1)])
    await experiment.quiet()
    ids = ", ".join(f"'{ident}'" for ident in placed)
    adopted = await experiment.installation.watch.count(f"SELECT count(*) FROM account WHERE object_id IN ({ids})")  # noqa: S608  our own ids
    experiment.expect(adopted == len(placed), f"{adopted} of {len(placed)} were adopted")


@BOOK.row(40, "our account is among the deleted", expected="restored")
async def deleted(experiment: Experiment) -> None:
    for tenant_id, provider in BOTH:
        for index in range(4):
            student = experiment.person(tenant_id, index)
            mark = marker(provider, tenant_id, student.student_id)
            # No namesake can have taken it meanwhile: that would be for a person to decide.
            address = f"returned-{index}@{first_address(experiment, tenant_id, student).partition('@')[2]}"
            ident = place(experiment, tenant_id, address, mark)
            delete(experiment, tenant_id, ident)
            await experiment.produce([experiment.event(tenant_id, student, 1)])
            experiment.fire("deleted account")
    await experiment.quiet()
    restored = [*experiment.calls("graph.deleted.restore"), *experiment.calls("directory.users.undelete")]
    experiment.expect(sum(call.status < 300 for call in restored) >= 8, f"{len(restored)} of 8 were restored")
