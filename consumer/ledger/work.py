"""Loop 2's side of the ledger on PostgreSQL: claims and grouped writes, off the event loop in threads of their own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from consumer.events import Provider
from consumer.ledger.addresses import Addresses, Reservation
from consumer.ledger.claims import Claims
from consumer.ledger.due import DueTenants
from consumer.ledger.group_commit import GroupCommit
from consumer.ledger.journal import Entry, Journal
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.work import Due, Room
from consumer.ledger.port.writes import Write
from consumer.ledger.split import Leased, split

_THREADS = 5
"""One transaction of each kind at a time: claims, reservations and writes, and of the latter two also those whose rows are locked."""


class PostgresWork:
    """`Work` on PostgreSQL, for one event loop."""

    def __init__(self, engine: Engine, *, unreadable: Callable[[str], None] = lambda _: None) -> None:
        """`unreadable` receives the place (table and column) of each record that a claim can't read, in a thread of ours."""
        self._claims = Claims(engine, unreadable=unreadable)
        self._due = DueTenants(engine)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger")
        self._writes: GroupCommit[Entry, None] = GroupCommit(
            split(Journal(engine).write), self._threads, owner=_student
        )
        self._reservations: GroupCommit[Reservation, str | None] = GroupCommit(
            split(Addresses(engine).reserve), self._threads, owner=_student
        )

    async def due(self, since: datetime | None) -> Due:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._due.look, since)

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        call = partial(self._claims.claim, room, lease=lease, worker=worker)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def reserve(self, lease: Lease, providers: Sequence[Provider], candidates: Sequence[str]) -> str | None:
        return await self._reservations.submit(Reservation(lease, tuple(providers), tuple(candidates)))

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        await self._writes.submit(Entry(lease, tuple(writes), service))

    def close(self) -> None:
        """Ends the threads, when what they do is done."""
        self._threads.shutdown()


def _student(item: Leased) -> tuple[str, str]:
    return item.lease.tenant_id, item.lease.student_id
