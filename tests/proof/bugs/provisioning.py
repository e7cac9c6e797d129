"""Bugs in loop 2: leases, the step protocol, and what is made of a vendor's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from consumer.clients import Clients
from consumer.errors import OutcomeUnknown, Unavailable
from consumer.events import Provider, ProviderAction, StepName
from consumer.http.deadline import Deadline
from consumer.ledger.port.student import AccountState, Job, Lease, StepState
from consumer.ledger.port.work import Room, Work
from consumer.ledger.port.writes import Defer, EndStep, Publish, RefuseAddress, TenantWaits, Write
from consumer.mail.port import Mail, Mailer
from consumer.providers.microsoft import graph_requests
from consumer.providers.port import Directory, Found, NewAccount
from consumer.provisioning.institution import Institution
from consumer.tenants import Tenant
from proof.simulation.clients import SimulatedClients
from proof.simulation.database import Database
from proof.simulation.institutions import tenants
from proof.simulation.ledger import SimulatedWork
from proof.simulation.replica import SimulatedAssembly
from testbed.fakes.ledger.state import StudentRow


class WorksInDryRun(SimulatedAssembly):
    """A worker does not heed that its tenant is in dry run."""

    def institution(self, clients: Clients, tenant: Tenant) -> Institution:
        return super().institution(clients, tenant.model_copy(update={"dry_run": False}))


class IgnoresLeases(Database):
    """A worker that has lost its lease still writes."""

    def _held(self, lease: Lease) -> StudentRow:
        return self._state.students[lease.tenant_id, lease.student_id]


class _ForgetfulWork(SimulatedWork):
    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        return [replace(job, credentials={}) for job in await super().claim(room, lease=lease, worker=worker)]


class MakesANewPasswordEachTime(SimulatedClients):
    """A retry does not open the sealed password, but makes another one."""

    def work(self) -> Work:
        return _ForgetfulWork(self._around.database, self._process)


class _HastyWork(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        await super().commit(lease, writes, service=service)
        for write in writes:
            if isinstance(write, EndStep) and (write.name, write.state) == (StepName.CREATE, StepState.UNKNOWN):
                row = self._database.state.students[lease.tenant_id, lease.student_id]
                address = row.known.accounts[write.provider].address
                given_up = EndStep(write.provider, StepName.CREATE, StepState.RETRYABLE)
                await super().commit(lease, [given_up, RefuseAddress(write.provider, address)])


class TakesTheNextAddressWhenUnsure(SimulatedClients):
    """A creation of unknown outcome counts as failed, and the next address is tried."""

    def work(self) -> Work:
        return _HastyWork(self._around.database, self._process)


class _TwoCommits(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        outcomes = [write for write in writes if isinstance(write, Publish)]
        await super().commit(lease, [write for write in writes if not isinstance(write, Publish)], service=service)
        if outcomes:
            await super().commit(lease, outcomes)


class PublishesOutsideTheTransaction(SimulatedClients):
    """Outcomes are queued by a commit of their own, behind that of what they tell."""

    def work(self) -> Work:
        return _TwoCommits(self._around.database, self._process)


class _ImpatientWork(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        del service
        await super().commit(lease, [write for write in writes if not isinstance(write, TenantWaits)])


class KeepsNoTenantWaiting(SimulatedClients):
    """A vendor's rate limit is known only to the student whose call met it."""

    def work(self) -> Work:
        return _ImpatientWork(self._around.database, self._process)


class _CauselessWork(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        without = [Defer(write.seconds) if isinstance(write, Defer) else write for write in writes]
        await super().commit(lease, without, service=service)


class KeepsNoCauses(SimulatedClients):
    """A student is deferred without a recorded cause."""

    def work(self) -> Work:
        return _CauselessWork(self._around.database, self._process)


class _SilentWork(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        waits = any(isinstance(write, Defer) for write in writes)
        said = [write for write in writes if not (waits and isinstance(write, Publish))]
        await super().commit(lease, said, service=service)


class PublishesNoWaits(SimulatedClients):
    """Only final outcomes are published."""

    def work(self) -> Work:
        return _SilentWork(self._around.database, self._process)


class _StubbornWork(SimulatedWork):
    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        jobs = await super().claim(room, lease=lease, worker=worker)
        providers = {tenant.id: tenant.providers for tenant in tenants()}
        return [replace(job, desired=replace(job.desired, providers=providers[job.lease.tenant_id])) for job in jobs]


class ContinuesCancelledWork(SimulatedClients):
    """What was begun is brought to its end, whatever the newest event says."""

    def work(self) -> Work:
        return _StubbornWork(self._around.database, self._process)


class _GrudgingWork(SimulatedWork):
    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        jobs = await super().claim(room, lease=lease, worker=worker)
        return [_left_for_good(job) for job in jobs]


def _left_for_good(job: Job) -> Job:
    suspended = any(one.state is AccountState.SUSPENDED for one in job.accounts.values())
    action = ProviderAction.SUSPEND_ACCOUNT if suspended else job.desired.action
    return replace(job, desired=replace(job.desired, action=action))


class SuspendsForGood(SimulatedClients):
    """A student who has left is suspended whatever the newest event says."""

    def work(self) -> Work:
        return _GrudgingWork(self._around.database, self._process)


class _EagerWork(SimulatedWork):
    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        jobs = await super().claim(room, lease=lease, worker=worker)
        return [_to_be_made(job) if job.desired.action is ProviderAction.UPDATE_ACCOUNT else job for job in jobs]


def _to_be_made(job: Job) -> Job:
    return replace(job, desired=replace(job.desired, action=ProviderAction.CREATE_ACCOUNT))


class MakesWhatItShouldUpdate(SimulatedClients):
    """An update makes an account where there is none."""

    def work(self) -> Work:
        return _EagerWork(self._around.database, self._process)


class SharesBreakers(Database):
    """One tenant's breaker opens, and all who use the service wait."""

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        await super().commit(lease, writes, service=service)
        for write in writes:
            if isinstance(write, TenantWaits):
                until = self._state.waits[lease.tenant_id, write.service]
                self._state.waits |= {(tenant.id, write.service): until for tenant in tenants()}


class _Careless:
    """A directory, but for what subclasses do wrong."""

    def __init__(self, real: Directory) -> None:
        self.real = real
        self.provider = real.provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _Trusting(_Careless):
    markers: dict[str, str]

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        self.__dict__.setdefault("markers", {})[account.address] = account.marker
        return await self.real.create(account, password, timeout=timeout)

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        found = await self.real.find_address(address, timeout=timeout)
        return replace(found, marker=self.markers[address]) if found else None


class _ByName(_Careless):
    async def assign_licences(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str] = (), timeout: float
    ) -> None:
        name = self.names().get(object_id, object_id)
        await self.real.assign_licences(name, licences, replaces=replaces, timeout=timeout)

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        found = await self.real.create(account, password, timeout=timeout)
        self.names()[found.object_id] = found.address
        return found

    def names(self) -> dict[str, str]:
        return self.__dict__.setdefault("_names", {})


class _Believing(_Careless):
    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        try:
            return await self.real.create(account, password, timeout=timeout)
        except OutcomeUnknown as error:
            if await self.real.find_address(account.address, timeout=timeout) is None:
                raise Unavailable("There is no such account: it was not created.") from error
            raise

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        found = await self.real.find_address(address, timeout=timeout)
        return found or Found("missing", address, "foreign")


class _Talkative(_Careless):
    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        try:
            return await self.real.create(account, password, timeout=timeout)
        except Exception as error:
            structlog.get_logger().warning("create_failed", error=f"{account.address}: {error}")
            raise


class _Insistent:
    """A mailer that takes a lost answer for a failure."""

    def __init__(self, real: Mailer) -> None:
        self._real = real

    async def send(self, mail: Mail, *, timeout: float) -> None:
        try:
            await self._real.send(mail, timeout=timeout)
        except OutcomeUnknown as error:
            raise Unavailable("Mailgun has failed.") from error

    async def was_accepted(self, message_id: str, *, since: float, timeout: float) -> bool:
        return await self._real.was_accepted(message_id, since=since, timeout=timeout)


class _ByNumber(_Careless):
    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        found = await self.real.find_marked(marker, timeout=timeout)
        number = marker.rpartition("/")[2]
        if found or number == marker:
            return found
        theirs = await self.real.find_marked(number, timeout=timeout)
        return [replace(one, marker=marker) for one in theirs if one.marker == number]


class _Blind(_Careless):
    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        found = await self.real.find_marked(marker, timeout=timeout)
        return [replace(one, guest=False, synchronised=False) for one in found]


class _Unasking(_Careless):
    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        await self.real.was_used(object_id, password_set_at=password_set_at, timeout=timeout)
        return False


class _Unlooking(_Careless):
    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        await self.real.read(object_id, timeout=timeout)
        return Found(object_id, "", None)

    async def groups_of(self, object_id: str, groups: Sequence[str], *, timeout: float) -> frozenset[str]:
        await self.real.groups_of(object_id, groups, timeout=timeout)
        return frozenset(groups)


class _Credulous(_Careless):
    async def suspend(self, object_id: str, *, timeout: float) -> None:
        try:
            await self.real.suspend(object_id, timeout=timeout)
        except OutcomeUnknown:
            self.__dict__["believed"] = object_id

    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        found = await self.real.read(object_id, timeout=timeout)
        return replace(found, enabled=False) if found and self.__dict__.get("believed") == object_id else found


class _Resetting(_Careless):
    async def suspend(self, object_id: str, *, timeout: float) -> None:
        if self.provider is not Provider.MICROSOFT:
            await self.real.suspend(object_id, timeout=timeout)
            return
        password = {"password": f"Reset-{object_id}", "forceChangePasswordNextSignIn": True}
        await self._api.call(
            "suspend",
            "PATCH",
            graph_requests.user(self._base, object_id),
            body={"accountEnabled": False, "passwordProfile": password},
            deadline=Deadline(timeout),
        )


class _Clinging(_Careless):
    async def remove_from_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """Nothing is removed."""


class _Staying(_Careless):
    async def leave_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Nothing is left."""


class _Placeless(_Careless):
    async def join_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Nothing is joined."""


class _WithDirectories(SimulatedAssembly):
    wrong: type[_Careless]

    def institution(self, clients: Clients, tenant: Tenant) -> Institution:
        real = super().institution(clients, tenant)
        return replace(real, directories={at: self.wrong(one) for at, one in real.directories.items()})


class AdoptsByAddress(_WithDirectories):
    """The holder of the student's address is taken for the student, marker or not."""

    wrong = _Trusting


class AdoptsByNumber(_WithDirectories):
    """An account that bears the student's number is the student's, regardless of its author."""

    wrong = _ByNumber


class AdoptsGuests(_WithDirectories):
    """Any account with the student's marker is taken for the student's, guests and synchronised accounts too."""

    wrong = _Blind


class SendsReplacedPasswords(_WithDirectories):
    """A mail that has waited is sent as it is, whatever became of the password in it."""

    wrong = _Unasking


class AnnouncesWhatItRemembers(_WithDirectories):
    """A newer event announces the account as it was, whatever people have done to it since."""

    wrong = _Unlooking


class TakesSuspensionsOnTrust(_WithDirectories):
    """A suspension of unknown outcome counts as done, and is not looked at."""

    wrong = _Credulous


class ResetsPasswordsWithSuspensions(_WithDirectories):
    """A suspension at Graph replaces the password too, in one request: where the permission for that is missing, neither is done."""

    wrong = _Resetting


class KeepsOldGroups(_WithDirectories):
    """Who moves up stays in the groups of the old class, though the rules are followed."""

    wrong = _Clinging


class KeepsOldUnits(_WithDirectories):
    """Who moves to another school stays in the administrative unit of the old one, though the rules are followed."""

    wrong = _Staying


class JoinsNoUnit(_WithDirectories):
    """An account is taken to be in its administrative unit, and is not."""

    wrong = _Placeless


class WritesByName(_WithDirectories):
    """Licences are assigned to the holder of the address."""

    wrong = _ByName


class TakesMissingForAbsent(_WithDirectories):
    """An account that is not found is taken for one that is not there, however far replicas are behind."""

    wrong = _Believing


class LogsAddresses(_WithDirectories):
    """A failure is logged with whom it was about."""

    wrong = _Talkative


class SendsAgain(SimulatedAssembly):
    """A mail that was answered by 5xx, or by nothing, counts as not sent."""

    def institution(self, clients: Clients, tenant: Tenant) -> Institution:
        real = super().institution(clients, tenant)
        return replace(real, mailer=_Insistent(real.mailer)) if real.mailer else real
