"""Values as a reader sees them, with their unit."""

import math
from collections.abc import Callable, Mapping

from monitoring.dashboards.panel import Unit

_TIMES = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_LARGE = 100
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SPANS = (
    *(_MINUTE * many for many in (2, 4, 8, 20, 40)),
    *(_HOUR * many for many in (1, 2, 4, 8, 12)),
    *(_DAY * many for many in (1, 2, 4, 8, 20, 40, 80, 200, 400)),
)
_FEW = 4
"""Of things that are counted there are no parts."""


def shown(value: float, unit: Unit) -> str:
    """The value in three digits or, where it counts something, in all that matter."""
    if math.isnan(value):
        return "–"
    return _WORDS[unit](value)


def top(most: float, unit: Unit) -> float:
    """The end of an axis on which this value has room, and whose quarters are round too."""
    if unit is Unit.SECONDS and most > _MINUTE:
        return next((seconds for seconds in _SPANS if most <= seconds), most)
    if unit in {Unit.COUNT, Unit.STATE}:
        most = max(most, _FEW)
    if not most > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 8, 10) if most <= step * power)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= _LARGE or value == int(value) else f"{value:.3g}"


def _seconds(value: float) -> str:
    if abs(value) < 1:
        return f"{1000 * value:.3g} ms" if value else "0 s"
    size, name = next((size, name) for size, name in _TIMES if abs(value) >= size)
    return f"{value / size:.3g} {name}"


_WORDS: Mapping[Unit, Callable[[float], str]] = {
    Unit.COUNT: _count,
    Unit.EACH_SECOND: lambda value: f"{_count(value)}/s",
    Unit.SECONDS: _seconds,
    Unit.SHARE: lambda value: f"{100 * value:.3g} %",
    Unit.TIMES: lambda value: f"{value:.3g} ×",
    Unit.STATE: lambda value: "yes" if value else "no",
}
