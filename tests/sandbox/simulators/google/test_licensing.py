"""Google's own client assigns, switches and takes licences; every refusal is in the words of Google's guide."""

from typing import Any

import pytest

from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.quota import Quota
from sandbox.simulators.google.refusals import Refusal
from sandbox.simulators.google.scopes import LICENSING
from sandbox.simulators.google.tokens import Grant
from tests.sandbox.simulators.clock import START, Clock
from tests.sandbox.simulators.google.served import Google, call, refusal

PRODUCT, SKU, OTHER = "101031", "1010310002", "1010310003"
TEACHER = "teacher@academy.example"
SEAT = {"productId": PRODUCT, "skuId": SKU}
NAMED = {**SEAT, "userId": TEACHER}


@pytest.fixture(autouse=True)
def bought(google: Google) -> None:
    google.customer.licences.stock |= {(PRODUCT, SKU): 1, (PRODUCT, OTHER): 1}


async def assigned(google: Google) -> Any:
    return await call(google.licensing().insert(**SEAT, body={"userId": TEACHER}))


async def test_a_licence_is_assigned_read_and_taken(google: Google) -> None:
    made = await assigned(google)
    assert (made["userId"], made["skuId"], google.customer.licences.stock[PRODUCT, SKU]) == (TEACHER, SKU, 0)
    assert await call(google.licensing().get(**NAMED)) == made

    assert await call(google.licensing().delete(**NAMED)) == {}

    assert (await refusal(google.licensing().get(**NAMED)))[:2] == (404, "notFound")
    assert (await refusal(google.licensing().delete(**NAMED)))[:2] == (404, "notFound")
    assert google.customer.licences.stock[PRODUCT, SKU] == 1


async def test_a_licence_is_assigned_once(google: Google) -> None:
    await assigned(google)

    again = await refusal(google.licensing().insert(**SEAT, body={"userId": TEACHER}))
    other = await refusal(google.licensing().insert(productId=PRODUCT, skuId=OTHER, body={"userId": TEACHER}))

    assert again == (412, "conditionNotMet", "User already has a license for the specified product and SKU")
    assert (other[0], "with a different SKU" in other[2]) == (412, True)


async def test_none_is_assigned_when_none_is_left(google: Google) -> None:
    google.customer.licences.stock[PRODUCT, SKU] = 0

    assert await refusal(google.licensing().insert(**SEAT, body={"userId": TEACHER})) == (
        412,
        "conditionNotMet",
        "There aren't enough available licenses for the specified product-SKU pair",
    )


@pytest.mark.parametrize(
    ("seat", "user", "message"),
    [
        ({**SEAT, "skuId": "none"}, TEACHER, "SKU or product does not exist."),
        (SEAT, "none@academy.example", "User email not valid."),
    ],
)
async def test_neither_a_licence_nor_a_user_is_made_up(
    google: Google, seat: dict[str, str], user: str, message: str
) -> None:
    refused = await refusal(google.licensing().insert(**seat, body={"userId": user}))

    assert (refused[0], refused[2]) == (400, message)


@pytest.mark.parametrize("method", ["patch", "update"])
async def test_a_licence_is_switched_within_its_product(google: Google, method: str) -> None:
    await assigned(google)

    switched = await call(getattr(google.licensing(), method)(**NAMED, body={"skuId": OTHER}))

    assert switched["skuId"] == OTHER
    assert google.customer.licences.stock == {(PRODUCT, SKU): 1, (PRODUCT, OTHER): 0}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"skuId": SKU}, "the new SKU should be different from the old SKU"),
        ({"skuId": OTHER, "productId": "101005"}, "can't be performed on different products"),
    ],
)
async def test_a_switch_that_is_none_is_refused(google: Google, body: dict[str, str], words: str) -> None:
    await assigned(google)

    status, _, message = await refusal(google.licensing().patch(**NAMED, body=body))

    assert (status, words in message) == (412, True)


async def test_a_licence_that_comes_with_the_unit_is_neither_switched_nor_taken(google: Google) -> None:
    await assigned(google)
    google.customer.licences.automatic.add((PRODUCT, SKU))

    taken = await refusal(google.licensing().delete(**NAMED))
    switched = await refusal(google.licensing().patch(**NAMED, body={"skuId": OTHER}))

    assert taken == (412, "conditionNotMet", "Auto License un-assignment is not allowed.")
    assert switched == (412, "conditionNotMet", "Auto License switching is not allowed.")


async def test_assignments_are_listed_by_product_and_by_sku_page_by_page(google: Google) -> None:
    licensing, whose = google.licensing(), {"customerId": "academy.example"}
    google.customer.licences.stock[PRODUCT, SKU] = 2
    for user in (TEACHER, "admin@academy.example"):
        await call(licensing.insert(**SEAT, body={"userId": user}))

    first = await call(licensing.listForProduct(productId=PRODUCT, **whose, maxResults=1))
    rest = await call(licensing.listForProduct(productId=PRODUCT, **whose, pageToken=first["nextPageToken"]))
    none = await call(licensing.listForProductAndSku(productId=PRODUCT, skuId=OTHER, **whose))

    assert [one["userId"] for one in (*first["items"], *rest["items"])] == [TEACHER, "admin@academy.example"]
    assert "items" not in none
    assert (await refusal(licensing.listForProduct(productId=PRODUCT, customerId="C02")))[0] == 403


async def test_a_deleted_user_s_licence_is_free_and_does_not_come_back(google: Google) -> None:
    await assigned(google)
    (user,) = (one for one in google.customer.users if one.primary_email == TEACHER)

    google.customer.delete(user.id)
    google.customer.undelete(user.id, "/")

    assert google.customer.licences.stock[PRODUCT, SKU] == 1
    assert (await refusal(google.licensing().get(**NAMED)))[0] == 404


def test_one_call_a_second_passes_and_the_next_finds_the_service_unavailable(clock: Clock) -> None:
    quota = Quota(GoogleQuirks(licence_calls_per_second=1), clock=clock)
    grant = Grant("service@project.example", "admin@academy.example", frozenset({LICENSING}), START + 3_600)
    quota.charge_licence(grant)

    with pytest.raises(Refusal) as refused:
        quota.charge_licence(grant)
    assert refused.value.status == 503

    clock.now += 1
    quota.charge_licence(grant)
