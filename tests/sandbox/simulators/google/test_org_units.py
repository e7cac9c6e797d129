"""Organisational units: a tree that Google's own clients walk and extend."""

import pytest

from sandbox.simulators.google.org_units import OrgUnits
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.quota import Quota
from sandbox.simulators.google.refusals import Refusal
from sandbox.simulators.google.scopes import ORG_UNIT
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.customers import refusal
from tests.sandbox.simulators.google.served import Google, call
from tests.sandbox.simulators.google.served import refusal as refused

OURS = {"customerId": "my_customer"}


async def test_a_unit_is_made_below_another_and_found_by_path_and_id(google: Google) -> None:
    units = google.client(scopes=(ORG_UNIT,)).orgunits()
    await call(units.insert(**OURS, body={"name": "Students", "parentOrgUnitPath": "/"}))

    made = await call(units.insert(**OURS, body={"name": "North", "parentOrgUnitPath": "/Students"}))

    assert (made["orgUnitPath"], made["parentOrgUnitPath"]) == ("/Students/North", "/Students")
    for key in ("Students/North", made["orgUnitId"]):
        assert await call(units.get(**OURS, orgUnitPath=key)) == made


async def test_units_are_listed_by_generation(google: Google) -> None:
    google.customer.add_org_unit("/Students/North")
    units = google.client(scopes=(ORG_UNIT,)).orgunits()

    async def listed(**query: str) -> list[str]:
        answer = await call(units.list(**OURS, **query))
        return [unit["orgUnitPath"] for unit in answer.get("organizationUnits", [])]

    assert await listed() == ["/Students"]
    assert await listed(type="all") == ["/Students", "/Students/North"]
    assert await listed(type="allIncludingParent", orgUnitPath="/Students") == ["/Students", "/Students/North"]
    assert await listed(orgUnitPath="/Students/North") == []


async def test_a_unit_that_is_not_there_is_not_found(google: Google) -> None:
    units = google.client(scopes=(ORG_UNIT,)).orgunits()

    assert await refused(units.get(**OURS, orgUnitPath="Leavers")) == (404, "notFound", "Org unit not found")
    assert (await refused(units.list(**OURS, orgUnitPath="/Leavers")))[0] == 404


async def test_the_units_of_another_customer_are_not_shown(google: Google) -> None:
    units = google.client(scopes=(ORG_UNIT,)).orgunits()

    assert (await refused(units.list(customerId="C02")))[:2] == (403, "forbidden")


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"name": "North", "parentOrgUnitPath": "/Students"}, (400, "invalid", "Invalid Input: INVALID_OU_ID")),
        ({"name": "North", "parentOrgUnitPath": "/None"}, (400, "invalid", "Invalid Parent Orgunit Id")),
        ({"parentOrgUnitPath": "/"}, (400, "required", "Missing required field: name")),
        ({"name": "North"}, (400, "required", "Missing required field: parentOrgUnitPath")),
    ],
)
def test_a_unit_is_made_once_with_a_name_and_below_one_that_is_there(
    given: dict[str, str], answer: tuple[int, str, str]
) -> None:
    units = OrgUnits("C01", {"/", "/Students", "/Students/North"})

    assert refusal(units.insert, given) == answer


def test_how_a_second_unit_of_a_path_is_refused_is_a_switch() -> None:
    units = OrgUnits("C01", {"/", "/Leavers"}, quirks=lambda: GoogleQuirks(org_unit_conflict="duplicate"))

    refused = refusal(units.insert, {"name": "Leavers", "parentOrgUnitPath": "/"})

    assert refused == (409, "duplicate", "Entity already exists.")


def test_a_new_unit_may_not_show_yet_though_it_is_there(clock: Clock) -> None:
    units = OrgUnits("C01", {"/"}, clock=clock, quirks=lambda: GoogleQuirks(org_unit_lag=10))
    leavers = {"name": "Leavers", "parentOrgUnitPath": "/"}
    units.insert(leavers)

    refused = [
        refusal(units.get, "Leavers")[0],
        refusal(units.checked, "/Leavers")[2],
        refusal(units.insert, {"name": "2026", "parentOrgUnitPath": "/Leavers"})[2],
        refusal(units.insert, leavers)[2],
    ]

    exists = missing = "Invalid Input: INVALID_OU_ID"
    assert refused == [404, missing, "Invalid Parent Orgunit Id", exists]
    clock.now += 10
    assert units.get("Leavers")["orgUnitPath"] == units.checked("/Leavers")


def test_a_customer_makes_one_unit_a_second(clock: Clock) -> None:
    quota = Quota(GoogleQuirks(org_units_per_second=1), clock=clock)
    quota.charge_org_unit("C01")
    quota.charge_org_unit("C02")

    with pytest.raises(Refusal):
        quota.charge_org_unit("C01")

    clock.now += 1
    quota.charge_org_unit("C01")
