"""One student from the first day to the last, by Google's own clients alone: no route of the simulator is left out."""

from sandbox.simulators.google.http import handlers
from sandbox.simulators.google.scopes import DOMAIN_READ, ORG_UNIT, USER_SECURITY
from tests.sandbox.simulators.google.served import NEW, Google, call

ELSEWHERE = {
    "google.sts": "google-auth asks for it in tests/providers/google/test_keyless.py",
    "google.signJwt": "google-auth asks for it in tests/providers/google/test_keyless.py",
}
PRODUCT, SKU, OTHER = "101031", "1010310002", "1010310003"
OURS = {"customerId": "my_customer"}
GROUP = "year-1@academy.example"


async def test_google_s_own_clients_drive_every_route(google: Google) -> None:
    google.customer.licences.stock |= {(PRODUCT, SKU): 1, (PRODUCT, OTHER): 1}
    await prepared(google)
    student = await enrolled(google)
    await looked_at(google, student)
    await licensed(google)
    await gone(google, student)

    routes = {name for name, _, _ in handlers(google.api)}
    assert sorted(routes - google.driven - ELSEWHERE.keys()) == []
    assert ELSEWHERE.keys() <= routes


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
