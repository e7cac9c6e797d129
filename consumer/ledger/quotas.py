"""The vendors' limits on PostgreSQL: one row each, shared by all replicas. What a row means, `consumer.pacing.limit` says."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine, text

from consumer.ledger.engine import transaction
from consumer.ledger.group_commit import GroupCommit
from consumer.pacing.limit import Limit, Portion, Standing, Want, new, slowed, taken

_NOTHING = Portion(0, 0.0, 0.0, 0.0)

# What a crash of the server loses of this is as if some milliseconds had passed: no caller waits for the disk.
_BEGIN = text(
    "SELECT extract(epoch FROM now())::float8 AS now FROM set_config('synchronous_commit', 'off', true) AS not_waiting"
)
_ADD = text(
    """
    INSERT INTO vendor_limit (key, next_at, share)
    SELECT key, to_timestamp(next_at), 1
    FROM unnest(CAST(:keys AS text[]), CAST(:times AS float8[])) AS added(key, next_at)
    ORDER BY key
    ON CONFLICT (key) DO NOTHING
    """
)
# In the order of the key, as all who lock several.
_LOCK = text(
    """
    SELECT key, extract(epoch FROM next_at)::float8 AS next_at, share, extract(epoch FROM slowed_at)::float8 AS slowed_at
    FROM vendor_limit WHERE key = ANY(CAST(:keys AS text[])) ORDER BY key FOR NO KEY UPDATE
    """
)
_WRITE = text(
    """
    UPDATE vendor_limit SET next_at = to_timestamp(now.next_at), share = now.share, slowed_at = to_timestamp(now.slowed_at)
    FROM unnest(CAST(:keys AS text[]), CAST(:times AS float8[]), CAST(:shares AS float8[]), CAST(:slowed AS float8[]))
      AS now(key, next_at, share, slowed_at)
    WHERE vendor_limit.key = now.key
    """
)

_Request = Want | Limit
"""Tokens that are wanted, or a limit for which the vendor refused a call."""


class Limits:
    """Serves groups of requests. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: set[str] = set()

    def serve(self, requests: Sequence[_Request]) -> Sequence[Portion]:
        """A portion for each, in their order; an empty one for a refusal. Raises `Unavailable`."""
        limits = {_of(request).key: _of(request) for request in requests}
        while True:
            self._add([limit for key, limit in limits.items() if key not in self._known])
            with transaction(self._engine) as connection:
                now: float = connection.execute(_BEGIN).scalar_one()
                standings = _locked(connection, limits)
                if standings.keys() == limits.keys():
                    portions = _served(requests, standings, now)
                    _write(connection, standings)
                    return portions
            self._known &= standings.keys()  # a standby has taken over that lacks the others

    def _add(self, limits: Sequence[Limit]) -> None:
        """In a transaction of its own, which locks no row that others wait for."""
        if not limits:
            return
        with transaction(self._engine) as connection:
            now: float = connection.execute(_BEGIN).scalar_one()
            times = [new(limit, now).next_at for limit in limits]
            connection.execute(_ADD, {"keys": [limit.key for limit in limits], "times": times})
        self._known.update(limit.key for limit in limits)


class PostgresQuotas:
    """Keeps `Quotas`, for one event loop: what is asked for while one transaction runs goes into the next."""

    def __init__(self, engine: Engine) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="limits")
        self._groups: GroupCommit[_Request, Portion] = GroupCommit(
            Limits(engine).serve, self._thread, owner=lambda request: _of(request).key
        )

    async def take(self, want: Want) -> Portion:
        return await self._groups.submit(want)

    async def slow_down(self, limit: Limit) -> None:
        await self._groups.submit(limit)

    def close(self) -> None:
        """Ends the thread, when what it does is done."""
        self._thread.shutdown()


def _served(requests: Sequence[_Request], standings: dict[str, Standing], now: float) -> Sequence[Portion]:
    portions: list[Portion] = []
    for request in requests:
        key, portion = _of(request).key, _NOTHING
        if isinstance(request, Want):
            standings[key], portion = taken(standings[key], request, now)
        else:
            standings[key] = slowed(standings[key], now)
        portions.append(portion)
    return portions


def _locked(connection: Connection, limits: Mapping[str, Limit]) -> dict[str, Standing]:
    rows = connection.execute(_LOCK, {"keys": list(limits)})
    return {row.key: Standing(row.next_at, row.share, row.slowed_at) for row in rows}


def _write(connection: Connection, standings: Mapping[str, Standing]) -> None:
    values = standings.values()
    connection.execute(
        _WRITE,
        {
            "keys": list(standings),
            "times": [standing.next_at for standing in values],
            "shares": [standing.share for standing in values],
            "slowed": [standing.slowed_at for standing in values],
        },
    )


def _of(request: _Request) -> Limit:
    return request.limit if isinstance(request, Want) else request
