"""Other people's accounts in a directory that two institutions share: none is written to, whatever stands on it."""

import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from consumer.errors import Reason
from consumer.events import Provider
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.stories.campus import Campus, accounts_of, by_student, campus, event, failures_of
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.user import User
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
SOUTH = Institution("south-high", "South High School", (Provider.MICROSOFT,))

TEACHERS_NUMBER, IN_BOTH = "2001", "2002"
HELD: Mapping[str, tuple[Mapping[str, Any], Reason]] = {
    "3001": ({"onPremisesSyncEnabled": True}, Reason.SYNCHRONISED_ACCOUNT),
    "3002": ({"userType": "Guest"}, Reason.GUEST_ACCOUNT),
    "3003": ({}, Reason.PRIVILEGED_ACCOUNT),
}
"""Students of North High whose marker stands on an account that must be left alone, what that account is, and why they wait."""


def in_one_directory(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """Both institutions act through North High's application."""
    north, south = tenants
    return north, south.model_copy(update={"microsoft": north.microsoft})


def lay_out(world: World) -> Directory:
    """The directory with the domains of both, and with the accounts of others."""
    directory = world.graph.directories[NORTH.guid("tenant")]
    directory.domains += (SOUTH.domain,)
    directory.groups |= world.graph.directories[SOUTH.guid("tenant")].groups
    directory.add({"userPrincipalName": f"t.one@{NORTH.domain}", "displayName": "T", "employeeId": TEACHERS_NUMBER})
    for student, (about, reason) in HELD.items():
        address = f"{reason}@{NORTH.domain}".replace("_", ".")
        marked = marker(Provider.MICROSOFT, NORTH.id, student)
        user = directory.add({"userPrincipalName": address, "employeeId": marked, **about})
        user.roles = ["Helpdesk Administrator"] if reason is Reason.PRIVILEGED_ACCOUNT else []
    return directory


@pytest.mark.long(seconds=20)
@pytest.mark.parts
async def test_no_account_of_another_person_is_written_to(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, SOUTH), tmp_path, clock=time.time, seed=1)
    directory = lay_out(world)
    others = {ident: deepcopy(user) for ident, user in directory.users.items()}
    own = [event(NORTH.id, TEACHERS_NUMBER), event(NORTH.id, IN_BOTH), event(SOUTH.id, IN_BOTH)]
    held = [event(NORTH.id, student) for student in HELD]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name, configure=in_one_directory) as here:
        await here.start()
        await here.put(*own, *held)
        await here.until_applied(own)

        async def all_wait() -> bool:
            return len(await here.waits()) == len(HELD)

        await until("the others wait", all_wait, seconds=30)
        await here.until_published()
        published = by_student(await here.published())
        waits = await here.waits()

    assert {ident: directory.users[ident] for ident in others} == others
    assert [entry.path for entry in foreign_writes(here, others)] == []
    assert waits == {(NORTH.id, student): reason for student, (_, reason) in HELD.items()}
    for student, (_, reason) in HELD.items():
        outcomes = published[NORTH.id, student]
        assert [(one.reason, one.final) for one in failures_of(outcomes)] == [(reason, False)], student
        assert accounts_of(outcomes) == []
    provisioned = [accounts_of(published[one["tenant_id"], one["student"]["student_id"]]) for one in own]
    assert [[one.account.origin for one in outcomes] for outcomes in provisioned] == [["created"]] * len(own)
    ours = {outcomes[0].account.object_id for outcomes in provisioned}
    assert len(ours) == len(own)
    assert ours.isdisjoint(others)


def foreign_writes(here: Campus, others: Mapping[str, User]) -> Sequence[Any]:
    """Writes to Graph that name an account of others, by id or address, in the path or in the body."""
    names = [*others, *(user.upn for user in others.values())]
    return [
        entry
        for entry in here.writes("graph.")
        if entry.noted.get("object_id") in others or any(name in entry.path + entry.request for name in names)
    ]
