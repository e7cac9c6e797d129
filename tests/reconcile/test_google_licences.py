"""Google's licences, which accounts do not show: their owners are listed by licence, and what differs is read by itself."""

import pytest
from sqlalchemy import text

from consumer.events import Provider
from consumer.reconcile.finding import Kind
from consumer.tenants import GoogleLimits, Rule
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.vendors import EDUCATION_PLUS
from testbed.settled import SettledSchool
from tests.reconcile.conftest import Installation

pytestmark = pytest.mark.parts

STUDENTS = 120
"""More than a page."""
PRODUCT, SKU = EDUCATION_PLUS.split("/")


@pytest.fixture
def provider() -> Provider:
    return Provider.GOOGLE


@pytest.fixture
def customer(installation: Installation) -> Customer:
    (customer,) = installation.world.google.customers
    return customer


@pytest.fixture
def school(installation: Installation, customer: Customer) -> SettledSchool:
    """All students have the licence that the rules give."""
    assert installation.tenant.google is not None
    google = installation.tenant.google.model_copy(update={"limits": GoogleLimits(licences=100)})
    rules = (*installation.tenant.rules, Rule(licences=(EDUCATION_PLUS,)))
    installation.tenant = installation.tenant.model_copy(update={"google": google, "rules": rules})
    school = installation.school(Provider.GOOGLE, STUDENTS)
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE account SET licences = ARRAY[:licence]"), {"licence": EDUCATION_PLUS})
    for pupil in school.pupils:
        customer.licences.insert(PRODUCT, SKU, pupil.address)
    return school


async def test_one_that_people_took_is_found_and_given_again(
    installation: Installation, customer: Customer, school: SettledSchool
) -> None:
    stripped = [one for one in school.pupils if not one.left][:3]
    for pupil in stripped:
        customer.licences.delete(PRODUCT, SKU, pupil.address)
    summary, found = await installation.reconcile(repair=True)
    assert {(one.kind, one.student_id) for one in found} == {(Kind.STRIPPED, one.student_id) for one in stripped}
    assert summary.accounts == STUDENTS
    await installation.provision()
    assert installation.due() == set()
    assert len(customer.licences.held) == STUDENTS


async def test_one_that_was_assigned_meanwhile_is_no_finding(
    installation: Installation, customer: Customer, school: SettledSchool
) -> None:
    """A renamed account is not among those that the list names by their former addresses, until it is read."""
    pupil = next(one for one in school.pupils if not one.left)
    customer.update(pupil.object_id, {"primaryEmail": f"married.{pupil.address}"})
    _, found = await installation.reconcile()
    assert [(one.kind, one.student_id) for one in found] == [(Kind.RENAMED, pupil.student_id)]


async def test_those_of_accounts_that_are_suspended_are_not_compared(
    installation: Installation, customer: Customer, school: SettledSchool
) -> None:
    for pupil in school.pupils:
        if pupil.left:
            customer.licences.delete(PRODUCT, SKU, pupil.address)
    _, found = await installation.reconcile()
    assert found == []
