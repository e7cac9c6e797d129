"""The intake week as an SVG: how many students wait, and how long those wait whose events come then, with more and more replicas."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.year.assumptions import DAY, HOUR, SCHOOL_DAYS, WEEK, Year
from bench.year.record import BIN, Record
from monitoring.pictures import svg

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 760, 500, 60, 20
_PANELS = ((70, 230), (280, 450))
"""Top and bottom of each."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_HOURS = (6, 12, 18)
_MARKS = 5
_WAITS = ((1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3_600, "1 h"), (14_400, "4 h"))
_BINS = range(SCHOOL_DAYS * DAY // BIN)


def draw(page: Path, year: Year, records: Sequence[Record]) -> None:
    """Writes it. The axis of waits is logarithmic."""
    records = records[: len(svg.COLOURS)]
    most = max(record.most_waiting for record in records)
    mark = _nice(most)
    top = max(1, math.ceil(most / mark)) * mark
    first = year.intake_week * WEEK * DAY // BIN
    backlog, waits = (_scale(*panel) for panel in _PANELS)
    parts = [*_days()]
    for students in range(0, top + 1, mark):
        parts += _mark(backlog(students / top), f"{students // 1_000:,}")
    for seconds, words in _WAITS:
        parts += _mark(waits(_share(seconds)), words)
    for number, (record, colour) in enumerate(zip(records, svg.COLOURS, strict=False)):
        words = f"{record.replicas} replica" + ("s" if record.replicas > 1 else "")
        parts.append(
            svg.text(_WIDTH - _RIGHT - 90 * (len(records) - 1 - number), 48, words, anchor="end", colour=colour)
        )
        waiting = record.waiting_by_bin
        parts.append(svg.curve(((_x(at), backlog(waiting.get(first + at, 0) / top)) for at in _BINS), colour))
        came = [at for at in _BINS if first + at in record.waits_by_bin]
        p99 = ((_x(at), waits(_share(record.waits_by_bin[first + at].quantile(0.99)))) for at in came)
        parts.append(svg.curve(p99, colour))
    parts.append(svg.text(_LEFT, _PANELS[0][0] - 8, "thousands of students who wait", anchor="start"))
    parts.append(svg.text(_LEFT, _PANELS[1][0] - 8, "p99 of the wait, by when the event came", anchor="start"))
    svg.write(page, _WIDTH, _HEIGHT, f"The intake week of {year.tenants:,} schools", parts)


def _days() -> Iterator[str]:
    bottom = _PANELS[-1][1]
    for day, name in enumerate(_DAYS):
        start = day * DAY // BIN
        for panel_top, panel_bottom in _PANELS:
            yield svg.line(_x(start), panel_top, _x(start), panel_bottom)
        for hour in _HOURS:
            yield svg.text(_x(start + hour * HOUR // BIN), bottom + 16, f"{hour}:00", size=10)
        yield svg.text(_x(start + DAY // BIN / 2), bottom + 34, name)


def _mark(y: float, words: str) -> Sequence[str]:
    return svg.line(_LEFT, y, _WIDTH - _RIGHT, y), svg.text(_LEFT - 8, y + 4, words, anchor="end", size=11)


def _nice(most: int) -> int:
    """From one mark to the next: the least round number of which there are a handful."""
    rounds = (part * 10**power for power in range(3, 10) for part in (1, 2, 5))
    return next(step for step in rounds if most <= _MARKS * step)


def _scale(top: float, bottom: float) -> Callable[[float], float]:
    return lambda share: bottom - share * (bottom - top)


def _share(seconds: float) -> float:
    (low, _), (high, _) = _WAITS[0], _WAITS[-1]
    return math.log(min(high, max(low, seconds)) / low) / math.log(high / low)


def _x(at: float) -> float:
    return _LEFT + at / len(_BINS) * (_WIDTH - _LEFT - _RIGHT)
