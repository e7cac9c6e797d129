"""Values over time: as lines, or stacked as areas."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitoring.dashboards.panel import Look, Panel
from monitoring.pictures import svg
from monitoring.pictures.answer import Answer, Period
from monitoring.pictures.box import Box, cut
from monitoring.pictures.colours import MEANINGS, PALETTE
from monitoring.pictures.values import shown, top

_LEFT, _BELOW, _LEGEND, _SIZE = 46, 16, 13, 10
_NAME, _ROWS = 130, 4
_MARKS = 4
_TIME = 64
"""From one time to the next, at least."""
_MINUTES, _DAY = 600, 86_400

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From time and value to a place."""

    box: Box
    period: Period
    top: float

    def x(self, at: float) -> float:
        return self.box.x + (at - self.period.start) / (self.period.end - self.period.start) * self.box.width

    def y(self, value: float) -> float:
        return self.box.bottom - min(value, self.top) / self.top * self.box.height


def draw(panel: Panel, answers: Sequence[Answer], period: Period, box: Box) -> Iterator[str]:
    """The panel's contents, its legend below."""
    across = max(1, int((box.width - _LEFT) // _NAME))
    rows = min(_ROWS, math.ceil(len(answers) / across))
    named = answers[: rows * across]
    courses = [_known(answer.series.points) for answer in answers]
    if panel.look is Look.AREAS:
        courses = list(_stacked(courses))
    most = max((value for course in courses for _, value in course), default=0.0)
    plot = box.within(left=_LEFT, top=4, right=4, bottom=_BELOW + rows * _LEGEND)
    scale = _Scale(plot, period, top(most, panel.unit))
    yield from _grid(panel, scale)
    if panel.look is Look.AREAS:
        yield from _areas(courses, scale)
    else:
        yield from _thresholds(panel, scale)
        for number, course in enumerate(courses):
            for part in _parts(course, period.step):
                yield svg.curve(((scale.x(at), scale.y(value)) for at, value in part), _colour(number), width=1.5)
    yield from _legend(panel, named, len(answers), across, box.within(left=_LEFT, top=box.height - rows * _LEGEND))


def _known(points: Points) -> Points:
    return [(at, value) for at, value in points if math.isfinite(value)]


def _stacked(courses: Sequence[Points]) -> Iterator[Points]:
    """Each on top of those before it; a value that is missing is 0."""
    times = sorted({at for course in courses for at, _ in course})
    below: Mapping[float, float] = dict.fromkeys(times, 0.0)
    for course in courses:
        own = dict(course)
        below = {at: below[at] + own.get(at, 0.0) for at in times}
        yield list(below.items())


def _areas(stacked: Sequence[Points], scale: _Scale) -> Iterator[str]:
    """The highest first, so that each covers what is below it alone."""
    for number in reversed(range(len(stacked))):
        if not (course := stacked[number]):
            continue
        upper = [(scale.x(at), scale.y(value)) for at, value in course]
        yield svg.area([(upper[0][0], scale.y(0)), *upper, (upper[-1][0], scale.y(0))], _colour(number))


def _parts(course: Points, step: float) -> Iterator[Points]:
    """The stretches of it without a gap."""
    part: list[tuple[float, float]] = []
    for at, value in course:
        if part and at - part[-1][0] > 1.5 * step:
            yield part
            part = []
        part.append((at, value))
    if part:
        yield part


def _grid(panel: Panel, scale: _Scale) -> Iterator[str]:
    box, period = scale.box, scale.period
    for mark in range(_MARKS + 1):
        value = scale.top * mark / _MARKS
        yield svg.line(box.x, scale.y(value), box.right, scale.y(value))
        yield svg.text(box.x - 4, scale.y(value) + 3, shown(value, panel.unit), anchor="end", size=_SIZE)
    times = max(1, int(box.width // _TIME))
    for mark in range(times):
        at = period.start + (mark + 0.5) * (period.end - period.start) / times
        yield svg.text(scale.x(at), box.bottom + 12, _clock(at, period), size=_SIZE)


def _clock(at: float, period: Period) -> str:
    length = period.end - period.start
    if length > _DAY:
        return time.strftime("%a %H:%M", time.gmtime(at))
    return time.strftime("%H:%M:%S" if length < _MINUTES else "%H:%M", time.gmtime(at))


def _thresholds(panel: Panel, scale: _Scale) -> Iterator[str]:
    for start, colour in panel.thresholds.steps:
        if start is not None and start <= scale.top:
            y = scale.y(start)
            yield svg.line(scale.box.x, y, scale.box.right, y, colour=MEANINGS[colour], dashed=True)


def _legend(panel: Panel, named: Sequence[Answer], count: int, across: int, box: Box) -> Iterator[str]:
    width = box.width / across
    for number, answer in enumerate(named):
        row, column = divmod(number, across)
        x, y = box.x + column * width, box.y + (row + 1) * _LEGEND - 3
        left_out = count - len(named)
        if left_out and number == len(named) - 1:
            yield svg.text(x, y, f"and {left_out + 1} more", anchor="start", size=_SIZE)
            continue
        points = _known(answer.series.points)
        newest = shown(points[-1][1], panel.unit) if points else "–"
        words = cut(answer.name or panel.title, width - 14 - 6 * len(newest), _SIZE)
        yield svg.box(x, y - 7, 8, 8, fill=_colour(number))
        yield svg.text(x + 12, y, f"{words}  {newest}", anchor="start", size=_SIZE)


def _colour(number: int) -> str:
    return PALETTE[number % len(PALETTE)]
