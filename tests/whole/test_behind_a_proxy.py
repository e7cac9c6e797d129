"""The service where only a proxy leads out: every call to a vendor, a token endpoint, Mailgun and the registry goes through it."""

import asyncio
import time
from pathlib import Path

import pytest

from consumer.events import Provider
from proof.stories.campus import SOON, Campus, event
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import REGISTRY, World
from testbed.installation import Service, end
from testbed.parts.proxy import ConnectProxy
from tests.whole.evidence import accounts, mails_that_open_an_account
from tests.whole.named import VENDORS, Named

STUDENTS = 20
INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,)),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,)),
)


@pytest.mark.long(seconds=20)
@pytest.mark.parts
async def test_students_get_their_accounts_through_the_proxy_and_its_password_is_not_logged(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)
    proxy = ConnectProxy(credentials="provisioner:hunter2", leads=lambda _host, port: ("127.0.0.1", port))
    async with world.server(names=[VENDORS]) as vendors, proxy:
        service = Service.configured(
            tmp_path,
            world=world,
            vendors=Named(vendors),
            kafka=kafka,
            database=database_url,
            prefix=unique_name,
            changes=SOON,
            tenants=world.tenants(Named(vendors)),
        )
        await asyncio.to_thread(service.prepare_here, replication=1, registry_url=vendors.url(REGISTRY))
        here = Campus(service, world, vendors, kafka, database_url)
        events = [event(one.id, f"S{number}") for one in INSTITUTIONS for number in range(STUDENTS // 2)]
        await here.put(*events)
        replica = await service.run("replica", environ={"HTTPS_PROXY": proxy.url, "NO_PROXY": "elsewhere.example"})
        try:
            await here.until_applied(events, seconds=120)
        finally:
            await end(replica)
        ports = {vendors.url(name).rpartition(":")[2] for name in vendors.names}
    assert {target.rpartition(":")[0] for target in proxy.targets} == {VENDORS}
    assert {target.rpartition(":")[2] for target in proxy.targets} == ports
    assert sorted(len(found) for found in accounts(world).values()) == [1] * STUDENTS
    assert sorted(mails_that_open_an_account(world).values()) == [1] * STUDENTS
    assert "hunter2" not in service.log("replica").read_text()
