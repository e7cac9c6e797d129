"""What a run left at vendors, in the mailbox and on the topics, as others see it."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from aiokafka import AIOKafkaConsumer  # pyright: ignore[reportMissingTypeStubs]  it has none

from sandbox.simulators.letterbox import initial_password, sign_in_name
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import World


async def dispositions(database_url: str) -> Mapping[str, int]:
    """How many accepted events ended how."""
    return dict(await _rows(database_url, "SELECT disposition, count(*) FROM inbox GROUP BY 1"))


async def applied_events(database_url: str) -> frozenset[str]:
    """The ids of events that were carried out."""
    return frozenset(
        ident for (ident,) in await _rows(database_url, "SELECT event_id FROM inbox WHERE disposition = 'applied'")
    )


async def owed(database_url: str) -> int:
    """How many students are to be looked at, records parked, and outcomes not known to be on their topics."""
    ((students,),) = await _rows(database_url, "SELECT count(*) FROM student WHERE due_at IS NOT NULL")
    ((outcomes,),) = await _rows(
        database_url,
        "SELECT count(*) FROM outbox WHERE batch IS NULL OR batch > coalesce((SELECT max(published) FROM relay), 0)",
    )
    ((parked,),) = await _rows(database_url, "SELECT count(*) FROM parked_record")
    return students + outcomes + parked


async def what_is_left(database_url: str) -> str:
    """Each student who is to be looked at, with when, why they wait and what they were last tried for; for the report of a failure."""
    rows = await _rows(
        database_url,
        "SELECT s.student_id, s.desired_version, s.settled_version, s.due_at - now(), s.lease_until - now(), a.state, a.delete_at - now(), "
        "(SELECT array_agg(concat_ws('/', w.step, w.reason, w.attempts, w.until - now())) FROM student_wait w "
        "WHERE (w.tenant_id, w.student_id) = (s.tenant_id, s.student_id)), "
        "(SELECT array_agg(concat_ws('/', t.name, t.state, t.version, t.attempt, t.unsure)) FROM step t "
        "WHERE (t.tenant_id, t.student_id) = (s.tenant_id, s.student_id)) "
        "FROM student s LEFT JOIN account a USING (tenant_id, student_id) WHERE s.due_at IS NOT NULL ORDER BY s.due_at",
    )
    events = await dispositions(database_url)
    return "\n".join([f"events: {events}", *(" · ".join(map(str, row)) for row in rows)])


async def _rows(database_url: str, query: LiteralString) -> Sequence[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await connection.execute(query)
        return await found.fetchall()


async def read_committed(kafka: str, topic: str, count: int) -> Sequence[Any]:
    """What is there to a client that is not librdkafka: until it has seen so many records, and a bit longer."""
    consumer: Any = AIOKafkaConsumer(  # its types leave keys and values open
        topic, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: list[Any] = []
    deadline = asyncio.get_running_loop().time() + 60
    try:
        while asyncio.get_running_loop().time() < deadline:
            batches = await consumer.getmany(timeout_ms=1_000)
            if not batches and len(seen) >= count:
                return seen
            for records in batches.values():
                seen += records
    finally:
        await consumer.stop()
    return seen


def accounts(world: World) -> Mapping[str, Sequence[str]]:
    """The addresses of the accounts that carry a marker, by marker; deleted ones are left out."""
    users = [
        (user.marker, user.upn, user.deleted_at) for d in world.graph.directories.values() for user in d.users.values()
    ]
    users += [(user.marker, user.primary_email, user.deleted_at) for c in world.google.customers for user in c.users]
    marked: defaultdict[str, list[str]] = defaultdict(list)
    for marker, address, deleted_at in users:
        if marker and deleted_at is None:
            marked[marker].append(address)
    return marked


def creations(vendors: VendorServer) -> Counter[str]:
    """How often an account with which marker was made, whether the answer arrived or not."""
    markers: Counter[str] = Counter()
    for entry in vendors.audit.entries():
        if entry.executed and entry.status < 300:
            if entry.route == "graph.users.create":
                markers[json.loads(entry.request)["employeeId"]] += 1
            elif entry.route == "directory.users.insert":
                markers.update(one["value"] for one in json.loads(entry.request)["externalIds"])
    return markers


def mails_that_open_an_account(world: World) -> Counter[str]:
    """How many mails with a password that opens it the account of which address has; it may have had another when the mail was sent."""
    standing = [address for addresses in accounts(world).values() for address in addresses]
    opened: Counter[str] = Counter()
    for mail in world.mail.mailbox.mails:
        tried = sorted(standing, key=lambda address: address != sign_in_name(mail))
        opened.update([address for address in tried if _opens(world, address, initial_password(mail))][:1])
    return opened


def _opens(world: World, address: str, password: str) -> bool:
    customer = world.google.customer_of(address)
    return any(directory.sign_in(address, password) for directory in world.graph.directories.values()) or (
        customer is not None and customer.sign_in(address, password)
    )
