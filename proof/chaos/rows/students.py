"""What became of some students: who waits and for what, who has an account, who was sent a mail."""

from collections.abc import Collection, Mapping, Sequence

from consumer.events import Student
from proof.chaos.experiment import Experiment
from sandbox.simulators.mailgun.mailbox import Mail

_APART = 500
"""Numbers between the students of two tenants: equal numbers give equal ids, by which students are identified here."""


def people(experiment: Experiment, tenant_id: str, count: int, *, first: int = 0) -> Sequence[Student]:
    """Students whom the load does not know, from the number given; no two tenants' have one id."""
    tenants = [tenant.id for tenant in experiment.installation.tenants]
    start = tenants.index(tenant_id) * _APART + first
    return [experiment.person(tenant_id, index) for index in range(start, start + count)]


async def reasons(
    experiment: Experiment, students: Collection[str], *, step: str | None = None, reported: bool = False
) -> Mapping[str, str]:
    """Students of these who wait, with one reason each: at this step, or at any; `reported`: only where it was published."""
    rows = await experiment.installation.watch.rows(
        f"SELECT student_id, reason FROM student_wait WHERE student_id IN ({listed(students)})"  # noqa: S608  our own ids
        + ("" if step is None else f" AND step = '{step}'")
        + (" AND reported" if reported else "")
    )
    return dict(rows)


async def settled(experiment: Experiment, students: Collection[str], *, version: int = 1) -> bool:
    """Whether none of these waits for anything any more, and each has had its newest event, this version at least, carried out."""
    rows = await experiment.installation.watch.rows(
        f"SELECT count(*) FROM student WHERE student_id IN ({listed(students)}) "  # noqa: S608  our own ids
        f"AND applied_version = desired_version AND applied_version >= {version}"
    )
    return rows[0][0] == len(students)


async def accounts(experiment: Experiment, students: Collection[str]) -> Mapping[str, str]:
    """Object ids by student, of those that exist by the ledger."""
    rows = await experiment.installation.watch.rows(
        f"SELECT student_id, object_id FROM account WHERE object_id IS NOT NULL AND student_id IN ({listed(students)})"  # noqa: S608  our own ids
    )
    return dict(rows)


async def mails(experiment: Experiment, students: Collection[str]) -> Sequence[Mail]:
    """Mails that tell one of these students' sign-in names."""
    rows = await experiment.installation.watch.rows(
        f"SELECT address FROM account WHERE student_id IN ({listed(students)})"  # noqa: S608  our own ids
    )
    addresses = [address for (address,) in rows]
    found = experiment.installation.world.mail.mailbox.mails
    return [mail for mail in found if any(address in (mail.text or "") for address in addresses)]


def listed(idents: Collection[str]) -> str:
    """Our own ids, for SQL."""
    return ", ".join(f"'{ident}'" for ident in idents)
