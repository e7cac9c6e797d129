"""Departures: students who leave in each way, and what the vendors have of their accounts then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from consumer.events import Provider, Student
from consumer.policy.marker import marker
from proof.chaos.experiment import Experiment
from proof.chaos.rows.directories import entra, tenant_of, workspace
from proof.chaos.rows.students import accounts, people, settled


class Standing(StrEnum):
    """Of a student's account, by its vendor."""

    NONE = "none"
    OPEN = "open"
    BLOCKED = "blocked"
    DELETED = "deleted"
    RELEASED = "released"


WAYS: Mapping[str, Standing] = {
    "left": Standing.BLOCKED,
    "departed": Standing.DELETED,
    "graduated": Standing.RELEASED,
}
"""Statuses of those who leave, and what becomes of an account."""
SECONDS = 120.0
"""For which a row waits that accounts are as they should be."""


@dataclass(frozen=True, slots=True)
class Leavers:
    """Students of a tenant at one provider, by the way in which they leave; `returning` are those who come back after a suspension."""

    tenant_id: str
    ways: Mapping[str, Sequence[Student]]
    returning: Sequence[Student] = ()

    @property
    def idents(self) -> Sequence[str]:
        """All of them."""
        return [student.student_id for some in (*self.ways.values(), self.returning) for student in some]

    @property
    def wanted(self) -> Mapping[str, Standing]:
        """What is to become of each one's account."""
        standings = {one.student_id: WAYS[status] for status, some in self.ways.items() for one in some}
        return standings | {one.student_id: Standing.OPEN for one in self.returning}


def leavers(experiment: Experiment, tenant_id: str, each: int, *, first: int = 0) -> Leavers:
    """So many in each way, and as many who return; the load does not know them. The tenant has one provider."""
    some = people(experiment, tenant_id, each * (len(WAYS) + 1), first=first)
    ways = {status: some[turn * each : (turn + 1) * each] for turn, status in enumerate(WAYS)}
    return Leavers(tenant_id, ways, some[len(WAYS) * each :])


async def enrol(experiment: Experiment, *those: Leavers) -> None:
    """Returns when all have accounts."""
    for one in those:
        everybody = [student for some in (*one.ways.values(), one.returning) for student in some]
        await experiment.produce([experiment.event(one.tenant_id, student, 1) for student in everybody])
    idents = [ident for one in those for ident in one.idents]
    await experiment.until("who will leave has an account", partial(settled, experiment, idents), seconds=SECONDS)


async def leave(experiment: Experiment, *those: Leavers) -> None:
    """Sends their departures, and the returns behind them."""
    for one in those:
        for status, some in one.ways.items():
            await experiment.produce([experiment.event(one.tenant_id, each, 2, status=status) for each in some])
        await experiment.produce([experiment.event(one.tenant_id, each, 2, status="left") for each in one.returning])
        await experiment.produce([experiment.event(one.tenant_id, each, 3) for each in one.returning])
        for status, some in one.ways.items():
            experiment.fire(status, len(some))
        experiment.fire("returned", len(one.returning))


async def gone(experiment: Experiment, *those: Leavers, seconds: float = SECONDS) -> None:
    """Returns when each one's account is as the departure wants it."""
    for one in those:
        await stand(experiment, one.tenant_id, one.wanted, seconds=seconds)


async def stand(
    experiment: Experiment, tenant_id: str, wanted: Mapping[str, Standing], *, seconds: float = SECONDS
) -> None:
    """Returns when the accounts of these students are so."""

    async def holds() -> bool:
        return await standings(experiment, tenant_id, list(wanted)) == wanted

    try:
        await experiment.until("accounts are as their students' events want them", holds, seconds=seconds)
    except AssertionError as late:
        found = await standings(experiment, tenant_id, list(wanted))
        wrong = [f"{found[one]} instead of {right}" for one, right in wanted.items() if found[one] is not right]
        raise AssertionError(f"{late}: of {len(wanted)} accounts are {', '.join(wrong)}") from late


async def standings(experiment: Experiment, tenant_id: str, idents: Sequence[str]) -> Mapping[str, Standing]:
    """By student. The tenant has one provider; an account without a marker is known by the ledger's object id."""
    known = await accounts(experiment, idents)
    return {ident: _standing(experiment, tenant_id, ident, known.get(ident)) for ident in idents}


def _standing(experiment: Experiment, tenant_id: str, ident: str, object_id: str | None) -> Standing:
    provider, *_ = tenant_of(experiment, tenant_id).providers
    mark = marker(provider, tenant_id, ident)
    if provider is Provider.MICROSOFT:
        users = [
            (user.marker, user.deleted_at is not None, user.enabled)
            for user in entra(experiment, tenant_id).users.values()
            if user.marker == mark or user.id == object_id
        ]
    else:
        users = [
            (user.marker, user.deleted_at is not None, not user.suspended)
            for user in workspace(experiment, tenant_id).users
            if user.marker == mark or user.id == object_id
        ]
    if not users:
        return Standing.NONE
    bears, deleted, enabled = min(users, key=lambda user: user[1])
    if deleted:
        return Standing.DELETED
    if bears is None:
        return Standing.RELEASED
    return Standing.OPEN if enabled else Standing.BLOCKED
