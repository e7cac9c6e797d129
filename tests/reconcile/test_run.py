"""Reconciliation on PostgreSQL and against the simulated vendors: what is found, what is set right, and what is written."""

import json

import pytest
from sqlalchemy import text

from consumer.errors import Hold, Unavailable
from consumer.events import Provider
from consumer.ledger.leadership import LeasedLeadership
from consumer.reconcile.finding import Kind
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.graph.permissions import FOR_ADMIN_UNITS, GRANTED
from testbed.settled import seed_differences
from tests.reconcile.conftest import Installation

pytestmark = pytest.mark.parts

UNIT = "02bd9fd6-8f93-4758-87c3-1fb73740a315"
LISTS = ("graph.users.list", "directory.users.list")
PAGE = {Provider.MICROSOFT: "skiptoken", Provider.GOOGLE: "pageToken"}
"""What the request for a further page holds."""
SIZE = {Provider.MICROSOFT: "top=999", Provider.GOOGLE: "maxResults=500"}
SET_RIGHT = {Kind.DELETED, Kind.ENABLED, Kind.STRIPPED, Kind.LEFT_GROUP, Kind.MOVED, Kind.UNLINKED}


async def test_what_differs_is_found_whatever_it_is_and_nothing_else(
    installation: Installation, provider: Provider
) -> None:
    school = installation.school(provider, 2_000)
    expected = seed_differences(school, each=5)
    summary, found = await installation.reconcile()
    assert set(found) == expected
    assert len(found) == len(expected)
    assert len({one.kind for one in found}) >= 10
    assert summary.left_out == 0


async def test_nothing_is_written_without_repair(installation: Installation, provider: Provider) -> None:
    seed_differences(installation.school(provider, 100), each=1)
    await installation.reconcile()
    assert installation.writes() == []
    assert installation.due() == set()


async def test_repair_has_the_service_set_right_what_it_may(installation: Installation, provider: Provider) -> None:
    expected = seed_differences(installation.school(provider, 200), each=2)
    repairable = {one for one in expected if one.kind in SET_RIGHT}
    summary, _ = await installation.reconcile(repair=True)
    assert summary.again == len(repairable)
    assert installation.due() == {one.student_id for one in repairable}
    await installation.provision()
    assert installation.due() == set()
    await settle_down(installation)
    _, found = await installation.reconcile()
    assert set(found) == expected - repairable


async def test_what_is_set_right_is_not_announced_again(installation: Installation, provider: Provider) -> None:
    seed_differences(installation.school(provider, 100), each=1)
    await installation.reconcile(repair=True)
    await installation.provision()
    with installation.engine.begin() as connection:
        topics = set(connection.execute(text("SELECT topic FROM outbox")).scalars())
    assert topics == set()


@pytest.mark.parametrize("provider", [Provider.MICROSOFT])
async def test_who_has_left_the_administrative_unit_is_found(installation: Installation, provider: Provider) -> None:
    school = installation.school(provider, 20)
    ((tenant_id, directory),) = installation.world.graph.directories.items()
    client = installation.tenant.microsoft.client_id if installation.tenant.microsoft else ""
    installation.world.graph.tokens.permit(tenant_id, client, GRANTED | FOR_ADMIN_UNITS)
    directory.units.add(UNIT)
    gone, *inside = school.pupils
    for pupil in inside:
        directory.join_unit(UNIT, pupil.object_id)
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE account SET admin_units = ARRAY[CAST(:unit AS text)]"), {"unit": UNIT})
    _, found = await installation.reconcile()
    assert [(one.student_id, one.kind) for one in found] == [(gone.student_id, Kind.LEFT_GROUP)]


async def test_one_thing_for_a_person_leaves_the_others_of_the_account_as_well(installation: Installation) -> None:
    school = installation.school(installation.tenant.providers[0], 20)
    pupil = next(one for one in school.pupils if not one.left)
    school.directory.leave(pupil)
    school.directory.enable(pupil, enabled=False)
    summary, found = await installation.reconcile(repair=True)
    assert {one.kind for one in found} == {Kind.LEFT_GROUP, Kind.DISABLED}
    assert summary.again == 0


async def test_who_has_work_planned_or_recent_is_left_out(installation: Installation, provider: Provider) -> None:
    school = installation.school(provider, 20)
    planned, recent = (one for one in school.pupils[1:3])
    for pupil in (planned, recent):
        school.directory.delete(pupil)
    execute(
        installation, "UPDATE student SET due_at = now() + interval '1 hour' WHERE student_id = :s", planned.student_id
    )
    execute(installation, "UPDATE step SET ended_at = now() WHERE student_id = :s", recent.student_id)
    summary, found = await installation.reconcile()
    assert (found, summary.left_out, summary.accounts) == ([], 2, 18)


async def test_an_interrupted_listing_is_continued(installation: Installation, provider: Provider) -> None:
    expected = seed_differences(installation.school(provider, 1_200), each=1)
    error = {"code": "Authorization_RequestDenied", "message": "Denied", "errors": [{"reason": "forbidden"}]}
    denied = Answer(status=403, body=json.dumps({"error": error}), headers={"Content-Type": "application/json"})
    rules = [FaultRule(route=route, fault=denied, containing=(PAGE[provider],)) for route in LISTS]
    installation.vendors.faults.set(rules)
    with pytest.raises(Hold):
        await installation.reconcile()
    installation.vendors.faults.set([])
    _, found = await installation.reconcile()
    assert set(found) == expected
    assert first_pages(installation, provider) == 1


async def test_a_page_that_the_vendor_has_forgotten_begins_the_list_anew(
    installation: Installation, provider: Provider
) -> None:
    expected = seed_differences(installation.school(provider, 100), each=1)
    with installation.engine.begin() as connection:
        place = {"tenant": "north", "provider": provider, "digest": installation.tenant.digest()}
        connection.execute(
            text(
                "INSERT INTO reconciliation (tenant_id, provider, started_at, digest, stage, page)"
                " VALUES (:tenant, :provider, now(), :digest, 'accounts', 'https://elsewhere.example/v1.0/users')"
            ),
            place,
        )
    _, found = await installation.reconcile()
    assert set(found) == expected


async def test_two_do_not_reconcile_a_tenant_at_once(installation: Installation) -> None:
    other = LeasedLeadership(installation.engine, "reconcile/north", holder="other", lease=60)
    assert other.held()
    with pytest.raises(Unavailable, match="Another process"):
        await installation.reconcile()


async def test_the_findings_are_counted_by_kind(installation: Installation, provider: Provider) -> None:
    seed_differences(installation.school(provider, 100), each=2)
    await installation.reconcile()
    labels = {"tenant": "north", "provider": provider, "kind": "deleted"}
    assert installation.metrics.registry.get_sample_value("provisioner_reconciliation_findings", labels) == 2


def first_pages(installation: Installation, provider: Provider) -> int:
    """How often the list of accounts was begun."""
    calls = [one for one in installation.vendors.audit.entries() if one.route in LISTS and SIZE[provider] in one.path]
    return sum(PAGE[provider] not in one.path and "showDeleted" not in one.path for one in calls)


async def settle_down(installation: Installation) -> None:
    """As if what was done just now had been done yesterday."""
    execute(installation, "UPDATE step SET ended_at = now() - interval '1 day' WHERE :s = :s", "")


def execute(installation: Installation, statement: str, student: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement), {"s": student})
