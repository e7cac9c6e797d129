"""Bugs in how accounts end: deleted, or handed to the institution."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from consumer.events import Provider, ProviderAction
from consumer.ledger.port.student import Account, AccountState, Job, Lease
from consumer.ledger.port.work import Room, Work
from consumer.ledger.port.writes import Write
from proof.simulation.clients import SimulatedClients
from proof.simulation.database import Database
from proof.simulation.ledger import SimulatedWork
from proof.simulation.process import Process


class _Claims(SimulatedWork):
    """Claims students, and sees them otherwise than they are."""

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        return [self.seen(job) for job in await super().claim(room, lease=lease, worker=worker)]

    def seen(self, job: Job) -> Job:
        accounts = {provider: self.account(account, job) for provider, account in job.accounts.items()}
        return replace(job, accounts=accounts)

    def account(self, account: Account, job: Job) -> Account:
        del job
        return account


class _Impatient(_Claims):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        await super().commit(lease, writes, service=service)
        row = self._database.state.students[lease.tenant_id, lease.student_id]
        if row.due_at is not None and row.due_at in {one.delete_at for one in row.known.accounts.values()}:
            self._database.state.plan(row, self._database.state.clock())

    def account(self, account: Account, job: Job) -> Account:
        return replace(account, delete_at=job.now) if account.delete_at else account


class DeletesBeforeItsTime(SimulatedClients):
    """An account that is to be deleted is deleted at once."""

    def work(self) -> Work:
        return _Impatient(self._around.database, self._process)


class _Stubborn(_Claims):
    def seen(self, job: Job) -> Job:
        scheduled = tuple(Provider(at) for at, account in job.accounts.items() if account.delete_at)
        if not scheduled:
            return job
        return replace(job, desired=replace(job.desired, action=ProviderAction.DELETE_ACCOUNT, providers=scheduled))


class DeletesForGood(SimulatedClients):
    """A deletion that was scheduled is carried out whatever the newest event says."""

    def work(self) -> Work:
        return _Stubborn(self._around.database, self._process)


class _Discreet(_Claims):
    def account(self, account: Account, job: Job) -> Account:
        del job
        return replace(account, notice_at=None, noticed_for=account.delete_at) if account.delete_at else account


class DeletesUnannounced(SimulatedClients):
    """An account is deleted, and that was not announced."""

    def work(self) -> Work:
        return _Discreet(self._around.database, self._process)


class _Talkative(_Claims):
    def __init__(self, database: Database, process: Process) -> None:
        super().__init__(database, process)
        self._repeated = set[tuple[str, str]]()

    def account(self, account: Account, job: Job) -> Account:
        student = (job.lease.tenant_id, job.lease.student_id)
        if account.noticed_for is None or student in self._repeated:
            return account
        self._repeated.add(student)
        return replace(account, noticed_for=None)


class AnnouncesAgain(SimulatedClients):
    """A deletion that was announced is announced once more when its student is next looked at."""

    def work(self) -> Work:
        return _Talkative(self._around.database, self._process)


class _Possessive(_Claims):
    def account(self, account: Account, job: Job) -> Account:
        del job
        if account.state is not AccountState.RELEASED:
            return account
        return replace(account, state=AccountState.ACTIVE, licences=(), groups=())


class WritesAfterTheRelease(SimulatedClients):
    """An account that was handed to the institution is still written to."""

    def work(self) -> Work:
        return _Possessive(self._around.database, self._process)
