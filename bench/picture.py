"""Distributions of waits as an SVG: for each wait, the share of students who waited no longer."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 760, 330, 60, 50, 50, 20
_LOWEST, _HIGHEST = 0.05, 20.0
_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_SHARES = (0.0, 0.5, 0.9, 1.0)
_COLOURS = ("#1f77b4", "#d95f02")
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
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 24, title, anchor="start", size=15),
        *_grid(),
    ]
    for number, (curve, colour) in enumerate(zip(curves, _COLOURS[: len(curves)], strict=True)):
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{_points(curve.waits)}"/>')
        parts.append(
            _text(_WIDTH - _RIGHT, _HEIGHT - _BOTTOM - 34 + 18 * number, str(curve), anchor="end", colour=colour)
        )
    page.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _grid() -> Sequence[str]:
    lines = [
        *(_line(_x(tick), _TOP, _x(tick), _HEIGHT - _BOTTOM) for tick in _TICKS),
        *(_line(_LEFT, _y(share), _WIDTH - _RIGHT, _y(share)) for share in _SHARES),
    ]
    marks = [_text(_x(tick), _HEIGHT - _BOTTOM + 18, f"{tick:g}") for tick in _TICKS]
    marks += [_text(_LEFT - 8, _y(share) + 4, f"{share:.0%}", anchor="end") for share in _SHARES]
    axis = _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "seconds from acceptance to settlement")
    return [*lines, *marks, axis]


def _points(waits: Sequence[float]) -> str:
    ordered = sorted(waits)
    shares = [number / _POINTS for number in range(_POINTS + 1)]
    at = [(ordered[min(len(ordered) - 1, int(share * len(ordered)))], share) for share in shares]
    return " ".join(f"{_x(wait):.1f},{_y(share):.1f}" for wait, share in at)


def _x(seconds: float) -> float:
    share = math.log(max(_LOWEST, min(_HIGHEST, seconds)) / _LOWEST) / math.log(_HIGHEST / _LOWEST)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "middle", size: int = 13, colour: str = "#333333") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
