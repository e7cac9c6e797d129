"""One student from the first day to the last, by Google's own clients alone: no route of the simulator is left out."""

import asyncio
from collections.abc import Collection

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from sandbox.simulators.google.api import DirectoryApi
from sandbox.simulators.google.http import handlers
from sandbox.simulators.google.scopes import DOMAIN_READ, ORG_UNIT, USER_SECURITY
from tests.contracts.elsewhere import is_there
from tests.contracts.tally import ROUTES
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.served import NEW, Google, call, served

ELSEWHERE = {
    "google.sts": "tests/providers/google/test_keyless.py::test_every_token_is_a_new_one_with_its_lifetime",
    "google.signJwt": "tests/providers/google/test_keyless.py::test_every_token_is_a_new_one_with_its_lifetime",
}
"""Routes that a test of another place has google-auth drive."""
PRODUCT, SKU, OTHER = "101031", "1010310002", "1010310003"
OURS = {"customerId": "my_customer"}
GROUP = "year-1@academy.example"


NAMES = sorted({name for name, _, _ in handlers(DirectoryApi(clock=Clock()))})


@pytest.fixture(scope="module")
def driven() -> Collection[str]:
    """The routes on which Google's clients were served."""

    async def played() -> Collection[str]:
        async with served(generate_private_key(65_537, 2_048)) as google:
            google.customer.licences.stock |= {(PRODUCT, SKU): 1, (PRODUCT, OTHER): 1}
            await prepared(google)
            student = await enrolled(google)
            await looked_at(google, student)
            await licensed(google)
            await gone(google, student)
            return google.driven

    return asyncio.run(played())


@pytest.mark.contract(ROUTES)
@pytest.mark.xdist_group("google's own client")
@pytest.mark.parametrize("route", NAMES)
def test_googles_own_client_drives_the_route(driven: Collection[str], route: str) -> None:
    assert route in driven or is_there(ELSEWHERE.get(route, ""))


async def prepared(google: Google) -> None:
    await call(google.client(scopes=(DOMAIN_READ,)).domains().get(customer="my_customer", domainName="academy.example"))
    await call(google.client().groups().insert(body={"email": GROUP}))
    units = google.client(scopes=(ORG_UNIT,)).orgunits()
    for name in ("Students", "Leavers"):
        await call(units.insert(**OURS, body={"name": name, "parentOrgUnitPath": "/"}))
    assert len((await call(units.list(**OURS)))["organizationUnits"]) == 2
    await call(units.get(**OURS, orgUnitPath="Leavers"))


async def enrolled(google: Google) -> str:
    """The id of a student who is in a group."""
    client = google.client()
    student = await call(client.users().insert(body={**NEW, "orgUnitPath": "/Students"}))
    await call(client.members().insert(groupKey=GROUP, body={"id": student["id"]}))
    await call(client.users().aliases().insert(userKey=student["id"], body={"alias": "maria@academy.example"}))
    return student["id"]


async def looked_at(google: Google, student: str) -> None:
    client, where = google.client(), {"groupKey": GROUP, "memberKey": student}
    assert (await call(client.users().get(userKey="maria@academy.example")))["id"] == student
    assert len((await call(client.users().list(customer="my_customer", query="externalId=S1")))["users"]) == 1
    assert len((await call(client.users().aliases().list(userKey=student)))["aliases"]) == 1
    assert (await call(client.groups().get(groupKey=GROUP)))["directMembersCount"] == "1"
    assert (await call(client.members().get(**where)))["id"] == student
    assert (await call(client.members().hasMember(**where)))["isMember"] is True
    assert len((await call(client.members().list(groupKey=GROUP)))["members"]) == 1


async def licensed(google: Google) -> None:
    licensing, address = google.licensing(), NEW["primaryEmail"]
    seat = {"productId": PRODUCT, "skuId": SKU}
    await call(licensing.insert(**seat, body={"userId": address}))
    await call(licensing.get(**seat, userId=address))
    await call(licensing.patch(**seat, userId=address, body={"skuId": OTHER}))
    await call(licensing.update(productId=PRODUCT, skuId=OTHER, userId=address, body={"skuId": SKU}))
    assert len((await call(licensing.listForProduct(productId=PRODUCT, customerId="C01")))["items"]) == 1
    assert len((await call(licensing.listForProductAndSku(**seat, customerId="C01")))["items"]) == 1
    await call(licensing.delete(**seat, userId=address))


async def gone(google: Google, student: str) -> None:
    client = google.client()
    await call(client.users().makeAdmin(userKey=student, body={"status": False}))
    await call(client.users().patch(userKey=student, body={"suspended": True}))
    await call(google.client(scopes=(USER_SECURITY,)).users().signOut(userKey=student))
    await call(client.users().update(userKey=student, body={"orgUnitPath": "/Leavers"}))
    await call(client.members().delete(groupKey=GROUP, memberKey=student))
    await call(client.users().aliases().delete(userKey=student, alias="maria@academy.example"))
    await call(client.users().delete(userKey=student))
    await call(client.users().undelete(userKey=student, body={"orgUnitPath": "/Leavers"}))
    back = await call(client.users().get(userKey=student))
    assert (back["suspended"], back["orgUnitPath"], "aliases" in back) == (True, "/Leavers", False)
