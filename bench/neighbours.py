"""A thousand schools, some of them in trouble: how long the students of all others wait. Drawn, as a page shows it better than a table."""

from collections.abc import Sequence
from pathlib import Path

from bench.parts import Parts, say
from bench.picture import Curve, draw
from bench.pool import PoolCourse
from bench.row import Row
from bench.scale import Scale
from consumer.ledger.engine import open_engine

PICTURE = Path("docs/neighbours.svg")
_DOWN, _SLOW = 20, 40
_TIMES_OUT, _SLOW_CALL = 30.0, 20.0
"""Seconds."""
_EACH = 40
"""Students of each school in trouble."""
_LATER, _UNNOTICED = 1.1, 0.1
"""Of the 99th percentile alone, or so many seconds more: what the machine itself adds differs by as much from run to run."""


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Each of the others has a student, who comes within half a minute: alone, and beside those in trouble."""
    engine = open_engine(parts.database)
    schools = min(scale.schools, 1_000)
    troubled = _DOWN + _SLOW
    intake, others = troubled, range(troubled + 1, schools)
    calls = {f"school-{number}": _TIMES_OUT if number < _DOWN else _SLOW_CALL for number in range(troubled)}
    students = dict.fromkeys(others, 1)
    say(f"neighbours: {len(others):,} schools alone …")
    alone = PoolCourse(engine, schools)
    alone.takes(students, over=scale.arriving)
    say(f"… and beside {_DOWN} that are down, {_SLOW} that are slow and one with {scale.intake:,} students …")
    beside = PoolCourse(engine, schools, calls=calls, down={f"school-{number}" for number in range(_DOWN)})
    before = dict.fromkeys(range(troubled), _EACH) | {intake: scale.intake}
    beside.takes(students, after=before, over=scale.arriving)
    engine.dispose()
    curves = [Curve("alone", alone.waits()), Curve("beside them", beside.waits())]
    p99_alone, p99_beside = (curve.p99 for curve in curves)
    if scale.draws:
        draw(
            PICTURE,
            curves,
            f"{len(others):,} schools' students beside {_DOWN} down, {_SLOW} slow, one in its intake week",
        )
    what = f"students of {len(others):,} schools beside {troubled} in trouble and an intake"
    wanted = f"p99 within {_LATER} of alone, or {_UNNOTICED} s"
    return [
        Row(what, "; ".join(map(str, curves)), wanted, p99_beside <= max(_LATER * p99_alone, p99_alone + _UNNOTICED))
    ]
