"""States over time: a band for each series, in the colours of what its values mean."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from monitoring.dashboards.panel import Panel
from monitoring.pictures import svg
from monitoring.pictures.answer import Answer, Period
from monitoring.pictures.box import Box, cut
from monitoring.pictures.colours import MEANINGS

_NAMES, _HIGHEST, _SIZE = 0.34, 22.0, 10


def draw(panel: Panel, answers: Sequence[Answer], period: Period, box: Box) -> Iterator[str]:
    """Their names at the left."""
    height = min(_HIGHEST, box.height / max(1, len(answers)))
    left = box.x + _NAMES * box.width
    across = (box.right - left) / (period.end - period.start)
    for number, answer in enumerate(answers):
        y = box.y + number * height
        yield svg.text(left - 6, y + height / 2 + 3, cut(answer.name, left - box.x, _SIZE), anchor="end", size=_SIZE)
        for start, end, value in _stretches(answer, period):
            x = left + (start - period.start) * across
            colour = MEANINGS[panel.thresholds.colour(value)]
            yield svg.box(x, y + 2, max(1.0, (end - start) * across), height - 4, fill=colour)


def _stretches(answer: Answer, period: Period) -> Iterator[tuple[float, float, float]]:
    """From when to when it had which value."""
    points = answer.series.points
    start = points[0][0] if points else 0.0
    for (at, value), (after, then) in pairwise(points):
        if then != value or after - at > 1.5 * period.step:
            yield start, min(at + period.step, after), value
            start = after
    if points:
        yield start, min(points[-1][0] + period.step, period.end), points[-1][1]
