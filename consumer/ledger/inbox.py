"""Loop 1's side of the ledger: partitions' epochs and offsets, and batches of events accepted in one transaction each."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from consumer.errors import Fenced, Unavailable
from consumer.ledger.accepting import Accepting, Key, student_of
from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction
from consumer.ledger.epochs import FIRST_EPOCH, next_epoch
from consumer.ledger.parking import page, park, release, released
from consumer.ledger.port.inbox import FROM_BEGINNING, Arrival, Disposition, Ownership, Place
from consumer.ledger.port.parking import UNCHANGED, Origin, ParkedPage, ParkingWrites

_LOCK_NOT_AVAILABLE = "55P03"

_OWN = text(
    f"""
    INSERT INTO partition_epoch AS held (topic, partition, epoch, owner, taken_at, next_offset)
    SELECT :topic, partition, {FIRST_EPOCH}, :owner, now(), {FROM_BEGINNING}
    FROM unnest(CAST(:partitions AS int[])) AS wanted(partition) ORDER BY partition
    ON CONFLICT (topic, partition) DO UPDATE SET epoch = {next_epoch("held.epoch")}, owner = excluded.owner, taken_at = now()
    RETURNING partition, epoch, next_offset
    """  # noqa: S608  a constant of ours
)

# Batches are taken all together or not at all; one locked row must not delay the others for long.
_IMPATIENT = text("SET LOCAL lock_timeout = '500ms'")

# A new owner of a partition waits until this batch is in, or this batch finds that it is too late. A partition of which the ledger has
# less than it once had is not ours any more, either: a standby that lagged has taken over. NULL is a version's that did not keep it.
_ADVANCE = text(
    """
    WITH held AS (
      SELECT topic, partition, mine.next_offset
      FROM partition_epoch known
      JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:epochs AS bigint[]), CAST(:offsets AS bigint[]),
                  CAST(:stored AS bigint[]))
        AS mine(topic, partition, epoch, next_offset, stored) USING (topic, partition)
      WHERE known.epoch = mine.epoch AND coalesce(known.next_offset >= mine.stored, true)
      ORDER BY topic, partition FOR NO KEY UPDATE OF known
    )
    UPDATE partition_epoch known SET next_offset = coalesce(held.next_offset, known.next_offset)
    FROM held WHERE known.topic = held.topic AND known.partition = held.partition
    RETURNING known.topic, known.partition
    """
)

# A row that is there and cannot be locked now is locked by another transaction.
_LOCKED = text(
    """
    WITH asked AS (
      SELECT DISTINCT tenant_id, student_id
      FROM unnest(CAST(:tenants AS text[]), CAST(:students AS text[])) AS asked(tenant_id, student_id)
    ), free AS (
      SELECT tenant_id, student_id FROM student JOIN asked USING (tenant_id, student_id)
      ORDER BY tenant_id, student_id FOR NO KEY UPDATE OF student SKIP LOCKED
    )
    SELECT tenant_id, student_id FROM student JOIN asked USING (tenant_id, student_id)
    EXCEPT SELECT tenant_id, student_id FROM free
    """
)

_OPEN = text(
    """
    SELECT tenant_id FROM unnest(CAST(:tenants AS text[])) AS asked(tenant_id)
    WHERE EXISTS (SELECT FROM student WHERE student.tenant_id = asked.tenant_id AND desired_version > settled_version)
      OR EXISTS (SELECT FROM account WHERE account.tenant_id = asked.tenant_id AND delete_at IS NOT NULL)
    """
)


class PostgresInbox:
    """`Inbox` on PostgreSQL. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        if not partitions:
            return {}
        values = {"topic": topic, "owner": owner, "partitions": sorted(partitions)}
        with transaction(self._engine) as connection:
            return {row.partition: Ownership(row.epoch, row.next_offset) for row in connection.execute(_OWN, values)}

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
        parking: ParkingWrites = UNCHANGED,
    ) -> Sequence[Disposition]:
        if not arrivals and not parking:
            return ()
        if not skip_locked:
            try:
                return self._accept(arrivals, epochs, offsets or {}, stored or {}, parking, skip_locked=False)
            except Unavailable as fault:
                if not _lock_timed_out(fault):
                    raise
        return self._accept(arrivals, epochs, offsets or {}, stored or {}, parking, skip_locked=True)

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        if offsets:
            with transaction(self._engine) as connection:
                connection.execute(_IMPATIENT)
                _advance(connection, offsets, epochs, stored or {})

    def parked(
        self,
        *,
        tenants: Collection[str],
        keep: float,
        after: Origin,
        limit: int,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> ParkedPage:
        if not epochs:
            return ParkedPage([], 0)
        with transaction(self._engine) as connection:
            connection.execute(_IMPATIENT)
            _advance(connection, dict.fromkeys(epochs), epochs, stored or {})
            return page(connection, epochs, tenants=tenants, keep=keep, after=after, limit=limit)

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(_OPEN, {"tenants": sorted(tenants)}).scalars())

    def _accept(
        self,
        arrivals: Sequence[Arrival],
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int],
        stored: Mapping[Place, int],
        parking: ParkingWrites,
        *,
        skip_locked: bool,
    ) -> Sequence[Disposition]:
        with transaction(self._engine) as connection:
            connection.execute(_IMPATIENT)
            locked = _locked(connection, arrivals) if skip_locked else frozenset[Key]()
            given = [arrival for arrival in arrivals if student_of(arrival) not in locked]
            waiting = [arrival for arrival in arrivals if student_of(arrival) in locked]
            concerned = dict.fromkeys(parking.places) | _held_back(arrivals, offsets, waiting)
            _advance(connection, concerned, epochs, stored)
            batch = Accepting(connection, given)
            dispositions = [
                Disposition.LOCKED if locked and student_of(arrival) in locked else batch.disposition(arrival)
                for arrival in arrivals
            ]
            parked = park(connection, parking.park, parking.most)
            release(connection, released(parking.release, arrivals, dispositions))
        if batch.winners:
            self._announcements.committed()
        return [*dispositions, *parked]


def _advance(
    connection: Connection,
    offsets: Mapping[Place, int | None],
    epochs: Mapping[Place, int],
    stored: Mapping[Place, int],
) -> None:
    """Checks that the partitions are still ours, and stores their next offsets where they are given."""
    values = {
        "topics": [topic for topic, _ in offsets],
        "partitions": [partition for _, partition in offsets],
        "epochs": [epochs.get(place) for place in offsets],
        "offsets": list(offsets.values()),
        "stored": [stored.get(place) for place in offsets],
    }
    held = {(row.topic, row.partition) for row in connection.execute(_ADVANCE, values)}
    for place in offsets:
        if place not in held:
            raise Fenced(f"Partition {place[1]} has another owner now, or the ledger has lost a part of it.")


def _held_back(
    arrivals: Sequence[Arrival], offsets: Mapping[Place, int], waiting: Sequence[Arrival]
) -> dict[Place, int | None]:
    """The next offset of each partition concerned, no higher than what waits there."""
    next_offsets: dict[Place, int | None] = dict.fromkeys((arrival.topic, arrival.partition) for arrival in arrivals)
    next_offsets.update(offsets)
    for arrival in waiting:
        place = (arrival.topic, arrival.partition)
        known = next_offsets[place]
        next_offsets[place] = None if known is None else min(known, arrival.offset)
    return next_offsets


def _locked(connection: Connection, arrivals: Sequence[Arrival]) -> frozenset[Key]:
    """The students that other transactions hold; locks the rest."""
    students = sorted({student_of(arrival) for arrival in arrivals})
    values = {"tenants": [tenant for tenant, _ in students], "students": [student for _, student in students]}
    return frozenset((row.tenant_id, row.student_id) for row in connection.execute(_LOCKED, values))


def _lock_timed_out(fault: Unavailable) -> bool:
    cause = fault.__cause__
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
