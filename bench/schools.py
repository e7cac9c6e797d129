"""Many tenants: what one of them notices of the others."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine, text

from bench.parts import Parts, say
from bench.pool import CLEAN, PoolCourse
from bench.row import Row
from bench.scale import Scale
from consumer.errors import Reason
from consumer.ledger.due import DueTenants
from consumer.ledger.engine import open_engine

_SLOW_CALL = 20.0
"""Seconds that a slow vendor takes."""
_SLOW = 40
_EVEN = 1.2
_KEEPS = 0.9
_LATER = 1.1
_LOOK = 0.005
_BACKLOG = text(
    """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
    SELECT 'school-' || n % :tenants, 'b' || n, 1, '{}', now(), now() - interval '1 hour' FROM generate_series(1, :students) AS n
    """
)
_THROTTLED = text(
    """
    INSERT INTO tenant_wait (tenant_id, service, until, held, reason, since)
    SELECT DISTINCT tenant_id, 'microsoft', now() + interval '1 day', false, :reason, now() FROM student
    """
)


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """One after the other, on one database."""
    engine = open_engine(parts.database)
    try:
        return [
            *_configured(engine, scale.schools),
            _busy(engine, scale.schools),
            _beside_slow_ones(engine),
            _waiting(engine, scale.schools),
            *_looks(engine, scale),
        ]
    finally:
        engine.dispose()


def _configured(engine: Engine, most: int) -> Sequence[Row]:
    """A tenant with 200 students, while others are configured and have nothing to do."""
    say("schools: one of many has work …")
    took = {count: PoolCourse(engine, count).takes({0: 200}) for count in (3, 100, most)}
    longest = max(took.values())
    shown = ", ".join(f"{count:,} configured: {seconds:.2f} s" for count, seconds in took.items())
    return [Row("200 students of one tenant", shown, f"the same ({_EVEN} or less)", longest <= _EVEN * took[3])]


def _busy(engine: Engine, most: int) -> Row:
    say("schools: some of many are busy …")
    few, many = 50, min(500, most)
    rates = [
        2_000 / PoolCourse(engine, configured).takes(dict.fromkeys(range(busy), 2_000 // busy))
        for configured, busy in ((few, few), (most, many))
    ]
    shown = f"{rates[0]:,.0f}/s with {few}; {rates[1]:,.0f}/s with {many} busy of {most:,}"
    return Row("2,000 students of many tenants", shown, f"{_KEEPS} or more", rates[1] >= _KEEPS * rates[0])


def _beside_slow_ones(engine: Engine) -> Row:
    say(f"schools: one beside {_SLOW} whose vendor takes {_SLOW_CALL:.0f} s …")
    alone = PoolCourse(engine, _SLOW + 1)
    alone.takes({0: 100})
    beside = PoolCourse(engine, _SLOW + 1, calls={f"school-{number}": _SLOW_CALL for number in range(1, _SLOW + 1)})
    beside.takes({0: 100}, after=dict.fromkeys(range(1, _SLOW + 1), 40))
    waits = [statistics.quantiles(course.waits(), n=100)[98] for course in (alone, beside)]
    shown = f"p99 {waits[0]:.2f} s alone, {waits[1]:.2f} s beside them"
    wanted = f"within {_LATER} of alone"
    return Row(
        f"100 students, {_SLOW} tenants with calls of {_SLOW_CALL:.0f} s", shown, wanted, waits[1] <= _LATER * waits[0]
    )


def _waiting(engine: Engine, most: int) -> Row:
    say("schools: all wait for their vendors …")
    course = PoolCourse(engine, most)
    with engine.begin() as connection:
        connection.execute(_BACKLOG, {"tenants": most, "students": 5 * most})
        connection.execute(text("UPDATE student SET due_at = now()"))
        connection.execute(_THROTTLED, {"reason": Reason.THROTTLED})
    seconds = 5.0
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    course.runs(seconds)
    share = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - began) / seconds
    shown = f"{course.claims} claims in {seconds:.0f} s, {share:.1%} of a core"
    return Row(f"{most:,} tenants that wait, with students due", shown, "no claim", course.claims == 0)


def _looks(engine: Engine, scale: Scale) -> Sequence[Row]:
    say("schools: who has work, among many …")
    with engine.begin() as connection:
        connection.execute(CLEAN)
        connection.execute(_BACKLOG, {"tenants": scale.schools, "students": scale.backlog})
        connection.execute(text("ANALYZE student"))
    due = DueTenants(engine)
    since = due.look(None).at
    new, everything = (_median(lambda since=since: due.look(since)), _median(lambda: due.look(None)))
    what = f"a look, {scale.schools:,} tenants, {scale.backlog:,} due"
    return [
        Row(f"{what}: who became due", f"{new * 1e3:.1f} ms", f"{_LOOK * 1e3:.0f} ms", new <= _LOOK),
        Row("… at all of them, every 5 s", f"{everything * 1e3:.0f} ms"),
    ]


def _median(look: Callable[[], object], rounds: int = 9) -> float:
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        look()
        took.append(time.perf_counter() - began)
    return statistics.median(took)
