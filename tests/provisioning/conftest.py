"""One institution, a ledger in memory, a directory and a mail service that do as the test says."""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from consumer.configuration.loading import load_tenants
from consumer.errors import Hold
from consumer.events import Outcome, Provider, ProviderAction, Status, Student, StudentStatusChanged
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Publish
from consumer.ledger.vault import Vault
from consumer.mail.rendering import Templates
from consumer.observe.metrics import Metrics
from consumer.observe.trace_context import HEADER
from consumer.policy.marker import marker
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.containment import Experience, Limits
from consumer.provisioning.ending import Pace
from consumer.provisioning.guards import guards_of
from consumer.provisioning.institution import Institution
from consumer.provisioning.student import StudentWorker
from consumer.provisioning.tools import Tools
from consumer.tenants import Tenant
from testbed.fakes.directory import FakeAccount, FakeDirectory
from testbed.fakes.ledger import MemoryLedger
from testbed.fakes.mailer import FakeMailer
from tests.ledger.conftest import seconds_to_next

ROOT = Path(__file__).parents[2]
TENANT = "north-high"
HOLD_DOWN = 1_800.0
VERIFY_AFTER = 900.0
REPORT_AFTER = 900.0
MARK = marker(Provider.MICROSOFT, TENANT, "S1")
"""What stands on the account of the student that tests enrol."""


class School:
    """Everything around one worker, and short words for what tests do with it."""

    def __init__(self, *providers: Provider) -> None:
        self.now = datetime(2026, 9, 1, 12, tzinfo=UTC)
        self.directories = {provider: FakeDirectory(provider) for provider in providers or (Provider.MICROSOFT,)}
        self.mailer = FakeMailer(self._seconds)
        self.metrics = Metrics(CollectorRegistry())
        self.tenant: Tenant = load_tenants(ROOT / "config/tenants")[0][0]
        self.institutions: dict[str, Institution] = {}
        self.stopping = False
        self.configured = True
        self.fault: Hold | None = None
        self.vault = Vault([("k", bytes(32))])
        self._passwords = (f"Pass-word-{number:04d}-Aa1" for number in count(1))
        self._offsets = count()
        self.forget()

    def forget(self, ledger: MemoryLedger | None = None) -> None:
        """A ledger that knows nothing, as after the loss of the old one; `ledger` where it is another than the usual one."""
        self.ledger = ledger or MemoryLedger(lambda: self.now)
        self._epochs = {("t", 0): self.ledger.own("t", [0], owner="me")[0].epoch}

    @property
    def directory(self) -> FakeDirectory:
        return next(iter(self.directories.values()))

    def _seconds(self) -> float:
        return self.now.timestamp()

    def worker(self) -> StudentWorker:
        """A fresh one, as after a restart."""
        self.open()
        tools = Tools(
            work=self.ledger,
            vault=self.vault,
            announce=publish,
            password=lambda: next(self._passwords),
            templates=Templates(ROOT / "templates"),
            mail_hold_down=HOLD_DOWN,
            credential_lifetime=72 * 3_600,
            verify_after=VERIFY_AFTER,
        )
        return StudentWorker(
            tools=tools,
            institutions=self.institutions,
            limits=Limits(call=30, lease=0.05, tenant_held=300, throttled=30),
            pace=Pace(
                base=2,
                cap=600,
                held_first=300,
                held=3_600,
                verify=VERIFY_AFTER,
                report_after=REPORT_AFTER,
                report_attempts=10,
            ),
            experience=Experience(Breakers(wait=30)),
            metrics=self.metrics,
            rng=random.Random(1),  # noqa: S311  repeatable
            stopping=lambda: self.stopping,
        )

    def open(self) -> None:
        """The institution as it is configured now, for all workers from now on."""
        self.institutions.clear()
        if self.configured:
            self.institutions[TENANT] = self._institution()

    def _institution(self) -> Institution:
        if self.fault:
            return Institution(self.tenant, {}, None, self.fault)
        return Institution(self.tenant, self.directories, self.mailer)

    def enrol(
        self, student_id: str = "S1", *, version: int = 1, traceparent: str | None = None, **about: Any
    ) -> Disposition:
        """An event that wants an account."""
        providers = tuple(self.directories)
        return self._accept(student_id, version, "enrolled", providers, about, traceparent=traceparent)

    def configure(self, **changes: Any) -> None:
        """Changes these keys of the tenant's configuration."""
        self.tenant = self.tenant.model_copy(update=changes)

    def update(self, student_id: str = "S1", *, version: int = 2, **about: Any) -> Disposition:
        """An event that wants the account, if there is one, to be up to date."""
        action = ProviderAction.UPDATE_ACCOUNT
        return self._accept(student_id, version, "moved-up", tuple(self.directories), about, action)

    def suspend(self, student_id: str = "S1", *, version: int) -> Disposition:
        """An event that wants no one to sign in to the account."""
        action = ProviderAction.SUSPEND_ACCOUNT
        return self._accept(student_id, version, "left", tuple(self.directories), {}, action)

    def depart(self, student_id: str = "S1", *, version: int, **about: Any) -> Disposition:
        """An event that wants the account to be deleted, after a while."""
        action = ProviderAction.DELETE_ACCOUNT
        return self._accept(student_id, version, "departed", tuple(self.directories), about, action)

    def release(self, student_id: str = "S1", *, version: int) -> Disposition:
        """An event that hands the account to the institution."""
        action = ProviderAction.RELEASE_ACCOUNT
        return self._accept(student_id, version, "graduated", tuple(self.directories), {}, action)

    def withdraw(self, student_id: str = "S1", *, version: int) -> Disposition:
        """An event that asks for nothing, and cancels what came before."""
        return self._accept(student_id, version, "withdrawn", (), {})

    def _accept(
        self,
        student_id: str,
        version: int,
        status: str,
        providers: tuple[Provider, ...],
        about: dict[str, Any],
        action: ProviderAction = ProviderAction.CREATE_ACCOUNT,
        traceparent: str | None = None,
    ) -> Disposition:
        person: dict[str, Any] = {
            "given_name": "Maria",
            "family_name": "Rossi",
            "contact_email": "maria@home.example",
            "attributes": {"grade": "7"},
        }
        event = StudentStatusChanged(
            event_id=f"{student_id}/{version}",
            occurred_at=self.now,
            tenant_id=TENANT,
            version=version,
            status=Status(id=status, name=status.title(), type="Registered"),
            student=Student.model_validate({"student_id": student_id, **person, **about}),
        )
        offset, value = next(self._offsets), event.event_id.encode()
        arrival = Arrival("t", 0, offset, event, action, providers, value, traceparent=traceparent)
        return self.ledger.accept([arrival], epochs=self._epochs)[0]

    async def claim(self) -> Sequence[Job]:
        return await self.ledger.claim({TENANT: Room(100, guards=guards_of(self.tenant))}, lease=60, worker="w")

    async def work(self) -> None:
        """Claims all that is due, and works it."""
        worker = self.worker()
        for job in await self.claim():
            await worker.work(job)

    async def seconds_to_next(self) -> float | None:
        """How long until there is something to do again."""
        return await seconds_to_next(self.ledger)

    async def work_until_settled(self, *, days: float = 3) -> None:
        """Works, and lets time pass to the next that is due, until nothing is planned."""
        end = self.now + timedelta(days=days)
        while (seconds := await self.seconds_to_next()) is not None and self.now < end:
            self.now += timedelta(seconds=seconds)
            await self.work()

    async def die_in(self, operation: str) -> None:
        """The process dies while this call is under way, after the vendor has done it; its lease runs out."""
        job = (await self.claim())[0]
        task = asyncio.create_task(self.worker().work(job))
        self.directory.hang_after.add(operation)
        await self.directory.hanging.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.directory.hang_after.clear()
        self.now += timedelta(seconds=61)

    def outcomes(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(one.value) for one in self.ledger.outcomes() if one.topic == kind]

    def changes(self) -> list[str]:
        """What `account-changed` has reported, in its order."""
        return [one["change"] for one in self.outcomes("AccountChanged")]

    def account(self, student_id: str = "S1") -> FakeAccount:
        """The one account with the student's marker; fails where there are more or none."""
        (account,) = self.directory.marked(marker(Provider.MICROSOFT, TENANT, student_id))
        return account


def publish(outcome: Outcome, *, traceparent: str | None) -> Publish:
    """Outcomes as JSON, on topics named by their type."""
    headers = () if traceparent is None else ((HEADER, traceparent.encode()),)
    value = json.dumps(asdict(outcome), default=str).encode()
    return Publish(outcome.event_id, type(outcome).__name__, outcome.student_id.encode(), value, headers)


@pytest.fixture
def school() -> School:
    return School()


@pytest.fixture
async def enrolled(school: School) -> School:
    """A student who has an account, and the mail."""
    school.enrol()
    await school.work_until_settled()
    school.directory.calls.clear()
    return school
