"""What institutions report of a student later: a withdrawal, a suspension, a return, a corrected name, another class."""

import random
from collections.abc import Iterator, Sequence
from functools import cache

from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.events import Student
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.people import GRADES, SCHOOLS
from sandbox.simulators.sequels import newest_of
from sandbox.simulators.sequels import sequel as following

ENROLLED, MOVED_UP, WITHDRAWN, LEFT = "enrolled", "moved-up", "withdrawn", "left"
"""Statuses of the institutions: one that wants an account, one that updates it, one that asks for nothing, and one that suspends."""
DEPARTED, GRADUATED = "departed", "graduated"
"""One that deletes the account, and one that hands it to the institution."""

INPUT_SCHEMA = 1
"""The id of the input's schema."""

_NAMES = ("Corrected", "Emended", "Rectified")


@cache
def encoder() -> Encoder:
    """Of input records."""
    return Encoder(schema(STATUS_CHANGED), INPUT_SCHEMA)


def sequel(before: SimulatedRecord, status: str, student: Student | None = None) -> SimulatedRecord:
    """The next version of the student's state, which now is as `student` says."""
    return following(before, status, encoder(), student, previous=ENROLLED)


def sequels(records: Sequence[SimulatedRecord], rng: random.Random) -> Iterator[Sequence[SimulatedRecord]]:
    """For about a third of the students what follows their newest event, in order. Some of it asks for nothing."""
    for record in newest_of(records).values():
        if rng.random() < _MOVING:
            yield rng.choice((_withdrawal, _withdrawal, _switched_off, _return, _correction))(record, rng)
        elif rng.random() < _LEAVING:
            yield rng.choice((_left, _left, _came_back, _flapping))(record, rng)


def moves_up(records: Sequence[SimulatedRecord], rng: random.Random) -> Iterator[Sequence[SimulatedRecord]]:
    """For about a third of the students another class, and perhaps another name, behind their newest event; some more than once."""
    for record in newest_of(records).values():
        if rng.random() < _MOVING:
            moves = [record]
            for _ in range(rng.choice((1, 1, 2))):
                moves.append(_move(moves[-1], rng))
            yield moves[1:]


def departures(records: Sequence[SimulatedRecord], rng: random.Random) -> Iterator[Sequence[SimulatedRecord]]:
    """At some seeds, for about a third of the students, a departure behind their newest event, and what may follow it."""
    if rng.random() >= _DEPARTING:
        return
    for record in newest_of(records).values():
        if rng.random() < _MOVING:
            departing = [record]
            for status in rng.choice(_DEPARTURES):
                departing.append(sequel(departing[-1], status))
            yield departing[1:]


_DEPARTING = 0.4
_DEPARTURES = (
    (DEPARTED,),
    (DEPARTED, ENROLLED),
    (DEPARTED, WITHDRAWN),
    (DEPARTED, DEPARTED, MOVED_UP),
    (DEPARTED, LEFT),
    (DEPARTED, ENROLLED, DEPARTED),
    (LEFT, DEPARTED, GRADUATED),
    (GRADUATED,),
    (GRADUATED, ENROLLED),
    (GRADUATED, DEPARTED),
)
_MOVING, _LEAVING = 0.3, 0.4


def _withdrawal(last: SimulatedRecord, _rng: random.Random) -> Sequence[SimulatedRecord]:
    return [sequel(last, WITHDRAWN)]


def _switched_off(last: SimulatedRecord, _rng: random.Random) -> Sequence[SimulatedRecord]:
    return [sequel(last, ENROLLED, last.student.model_copy(update={"external_sync_disabled": True}))]


def _return(last: SimulatedRecord, rng: random.Random) -> Sequence[SimulatedRecord]:
    gone = _withdrawal(last, rng)[-1]
    return [gone, sequel(gone, ENROLLED)]


def _left(last: SimulatedRecord, _rng: random.Random) -> Sequence[SimulatedRecord]:
    return [sequel(last, LEFT)]


def _came_back(last: SimulatedRecord, rng: random.Random) -> Sequence[SimulatedRecord]:
    left = _left(last, rng)[-1]
    return [left, sequel(left, ENROLLED)]


def _flapping(last: SimulatedRecord, rng: random.Random) -> Sequence[SimulatedRecord]:
    """Any of them may be the last."""
    records = [last]
    for number in range(rng.randint(3, 6)):
        records.append(sequel(records[-1], ENROLLED if number % 2 else LEFT))
    return records[1:]


def _correction(last: SimulatedRecord, rng: random.Random) -> Sequence[SimulatedRecord]:
    return [sequel(last, ENROLLED, last.student.model_copy(update={"family_name": rng.choice(_NAMES)}))]


def _move(last: SimulatedRecord, rng: random.Random) -> SimulatedRecord:
    attributes = {**last.student.attributes, "school": rng.choice(SCHOOLS), "grade": rng.choice(GRADES)}
    changed = {"attributes": attributes, **rng.choice(({}, {}, {"family_name": rng.choice(_NAMES)}))}
    return sequel(last, rng.choice((MOVED_UP, MOVED_UP, ENROLLED)), last.student.model_copy(update=changed))
