"""What was refused and then corrected takes effect, in the information system or in a tenant's file; what was taken back is not done."""

import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest
import yaml

from consumer.errors import Reason
from consumer.events import Provider
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.stories.campus import Campus, accounts_of, by_student, campus, event, failures_of, tenant_file
from sandbox.simulators.faults import Answer, FaultRule, Refuse
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until
from tests.whole.evidence import accounts

NAME = Institution("north-high", "North High School", (Provider.MICROSOFT,))
DOMAIN = Institution("south-academy", "South Academy", (Provider.MICROSOFT,))
UNIT = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))

REFUSED = {NAME.id: Reason.INVALID_PROFILE, DOMAIN.id: Reason.DOMAIN_NOT_VERIFIED, UNIT.id: Reason.ORG_UNIT_MISSING}
NOT_A_NAME = FaultRule(
    route="graph.users.create",
    containing=("Refused",),
    fault=Answer(
        status=400,
        body=json.dumps(
            Refusal(
                400,
                "Request_BadRequest",
                "Invalid value specified for property 'displayName' of resource 'User'.",
                details=[{"code": "InvalidValue", "target": "displayName", "message": "invalid"}],
            ).body
        ),
    ),
)


def mistaken(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """One tenant with a domain, and one with an organisational unit, that the vendor does not have."""
    name, domain, unit = tenants
    addresses = domain.addresses.model_copy(update={"domain": "students.south-academi.example"})
    rules = [rule.model_copy(update={"org_unit": rule.org_unit and f"{rule.org_unit}-campus"}) for rule in unit.rules]
    return name, domain.model_copy(update={"addresses": addresses}), unit.model_copy(update={"rules": tuple(rules)})


def correct(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for wrong, right in changes:
        assert wrong in text
        text = text.replace(wrong, right)
    yaml.safe_load(text)
    file.write_text(text)


@pytest.mark.long(seconds=30)
@pytest.mark.parts
async def test_a_corrected_name_domain_and_unit_take_effect(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NAME, DOMAIN, UNIT), tmp_path, clock=time.time, seed=1)
    refused = [
        event(NAME.id, "S1", given_name="Refused"),
        event(DOMAIN.id, "S1"),
        event(UNIT.id, "S1", attributes={"school": "north"}),
    ]
    corrected = event(NAME.id, "S1", version=2, given_name="Maria")
    async with campus(world, kafka=kafka, database=database_url, name=unique_name, configure=mistaken) as here:
        here.vendors.faults.set([NOT_A_NAME])
        replica = await here.start()
        await here.put(*refused)
        await until("each is refused", partial(reasons_are, here, REFUSED), seconds=30)

        await here.put(corrected)
        correct(tenant_file(here, DOMAIN.id), ("south-academi.example", "south-academy.example"))
        correct(tenant_file(here, UNIT.id), ("-campus", ""))
        await here.until_applied([corrected, *refused[1:]])
        assert replica.restarts == 0
        published = by_student(await here.published())

    accounts_made = {tenant: accounts_of(published[tenant, "S1"])[-1].account.email for tenant in REFUSED}
    assert accounts_made == {
        NAME.id: f"maria.ofs1@{NAME.domain}",
        DOMAIN.id: f"student.ofs1@{DOMAIN.domain}",
        UNIT.id: f"student.ofs1@{UNIT.domain}",
    }
    (customer,) = world.google.customers
    holder = customer.holder(accounts_made[UNIT.id])
    assert holder is not None
    assert holder.org_unit == "/Students/north"


async def reasons_are(here: Campus, wanted: Mapping[str, Reason]) -> bool:
    """Whether the newest published failure of each tenant's student has this reason."""
    return {one.tenant_id: one.reason for one in failures_of(await here.published())} == wanted


@pytest.mark.long(seconds=20)
@pytest.mark.parts
async def test_who_is_withdrawn_during_an_outage_gets_no_account_and_no_mail(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NAME, UNIT), tmp_path, clock=time.time, seed=1)
    leaves = [event(school.id, f"Leaves{number}") for school in (NAME, UNIT) for number in range(5)]
    stays = [event(school.id, "Stays") for school in (NAME, UNIT)]
    withdrawn = [event(one["tenant_id"], one["student"]["student_id"], version=2, status="withdrawn") for one in leaves]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name) as here:
        here.vendors.faults.set([FaultRule(route=route, fault=Refuse()) for route in ("graph.*", "directory.*")])
        await here.start()
        await here.put(*leaves, *stays)
        await until("they wait", partial(count_of_waits_is, here, len(leaves) + len(stays)), seconds=30)
        await here.put(*withdrawn)
        await until("the withdrawals are taken", partial(are_known, here, withdrawn), seconds=30)
        here.vendors.faults.set([])
        await here.until_applied(stays)
        await until("no one waits any more", partial(count_of_waits_is, here, 0), seconds=30)
        dispositions = await here.dispositions()

    assert {dispositions[one["tenant_id"], one["event_id"]] for one in leaves} == {"superseded"}
    assert accounts(world).keys() == {
        marker(provider, school.id, "Stays") for school in (NAME, UNIT) for provider in school.providers
    }
    assert {mail.recipient for mail in world.mail.mailbox.mails} == {"stays@home.example"}


async def count_of_waits_is(here: Campus, count: int) -> bool:
    return len(await here.waits()) == count


async def are_known(here: Campus, some: Sequence[Mapping[str, object]]) -> bool:
    found = await here.dispositions()
    return all((one["tenant_id"], one["event_id"]) in found for one in some)
