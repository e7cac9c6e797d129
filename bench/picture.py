"""Distributions of waits as an SVG: for each wait, the share of students who waited no longer."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitoring.pictures import svg

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 760, 330, 60, 50, 50, 20
_LOWEST, _HIGHEST = 0.05, 20.0
_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_SHARES = (0.0, 0.5, 0.9, 1.0)
_POINTS = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds that each student waited."""

    name: str
    waits: Sequence[float]

    def __str__(self) -> str:
        return f"{self.name}: p50 {self.p50:.2f} s, p99 {self.p99:.2f} s, worst {max(self.waits):.2f} s"

    @property
    def p50(self) -> float:
        return statistics.median(self.waits)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.waits, n=100)[98]


def draw(page: Path, curves: Sequence[Curve], title: str) -> None:
    """Writes the picture. The axis of seconds is logarithmic."""
    parts = list(_grid())
    for number, (curve, colour) in enumerate(zip(curves, svg.COLOURS, strict=False)):
        parts.append(svg.curve(_points(curve.waits), colour))
        parts.append(
            svg.text(_WIDTH - _RIGHT, _HEIGHT - _BOTTOM - 34 + 18 * number, str(curve), anchor="end", colour=colour)
        )
    svg.write(page, _WIDTH, _HEIGHT, title, parts)


def _grid() -> Sequence[str]:
    lines = [
        *(svg.line(_x(tick), _TOP, _x(tick), _HEIGHT - _BOTTOM) for tick in _TICKS),
        *(svg.line(_LEFT, _y(share), _WIDTH - _RIGHT, _y(share)) for share in _SHARES),
    ]
    marks = [svg.text(_x(tick), _HEIGHT - _BOTTOM + 18, f"{tick:g}") for tick in _TICKS]
    marks += [svg.text(_LEFT - 8, _y(share) + 4, f"{share:.0%}", anchor="end") for share in _SHARES]
    axis = svg.text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "seconds from acceptance to settlement")
    return [*lines, *marks, axis]


def _points(waits: Sequence[float]) -> Sequence[tuple[float, float]]:
    ordered = sorted(waits)
    shares = [number / _POINTS for number in range(_POINTS + 1)]
    at = [(ordered[min(len(ordered) - 1, int(share * len(ordered)))], share) for share in shares]
    return [(_x(wait), _y(share)) for wait, share in at]


def _x(seconds: float) -> float:
    share = math.log(max(_LOWEST, min(_HIGHEST, seconds)) / _LOWEST) / math.log(_HIGHEST / _LOWEST)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
