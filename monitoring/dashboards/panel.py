"""A panel: what it asks, how that is shown, and what its reader does about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NO_SERIES = "no such series"
"""What is shown where there is nothing to show: the series of something that may happen begins when it does."""


class Look(StrEnum):
    """How the answer is shown, by Grafana's name."""

    NUMBERS = "stat"  # the newest value of each series
    LINES = "timeseries"
    AREAS = "areas"  # lines that are stacked, for parts of a whole; a time series to Grafana
    TABLE = "table"  # the newest value of each series, a row for each
    STATES = "state-timeline"  # 1 and 0, as bands

    @property
    def is_newest(self) -> bool:
        """Whether only the newest value is asked for."""
        return self in {Look.NUMBERS, Look.TABLE}


class Unit(StrEnum):
    """Of all values of a panel, by Grafana's name."""

    COUNT = "short"
    EACH_SECOND = "cps"
    SECONDS = "s"
    SHARE = "percentunit"  # 0 to 1
    TIMES = "suffix: ×"
    STATE = "bool_yes_no"  # 1 and 0


class Colour(StrEnum):
    """Of a value, by what it means."""

    WELL = "green"
    LOOK = "orange"
    ACT = "red"
    PLAIN = "text"  # means nothing by itself


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a value asks for a look, and from where on for an act, in the panel's unit. `below`: a small value is the bad one."""

    look: float | None = None
    act: float | None = None
    below: bool = False

    @property
    def steps(self) -> Sequence[tuple[float | None, Colour]]:
        """Each colour with the value from which on it is shown, rising; the first from the smallest on."""
        if self.look is None and self.act is None:
            return [(None, Colour.PLAIN)]
        named = [
            (value, colour) for value, colour in ((self.look, Colour.LOOK), (self.act, Colour.ACT)) if value is not None
        ]
        if not self.below:
            return [(None, Colour.WELL), *sorted(named)]
        rising = sorted(named)
        colours = [*(colour for _, colour in rising), Colour.WELL]
        return list(zip([None, *(value for value, _ in rising)], colours, strict=True))

    def colour(self, value: float) -> Colour:
        """Of this value."""
        return [colour for start, colour in self.steps if start is None or value >= start][-1]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, in which Grafana's variables may stand. `legend` names a series, with `{{label}}` for its labels."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`sees` says what its reader sees, `act` what to do about it; both are one or more sentences. `runbooks` names the alerts that look at
    the same. A table has one query, and shows these `columns` of labels before the value.

    `width` and `height` are in cells of Grafana's grid, which is 24 wide.
    """

    title: str
    sees: str
    act: str
    queries: Sequence[Query]
    unit: Unit
    look: Look = Look.LINES
    thresholds: Thresholds = Thresholds()
    runbooks: Sequence[str] = ()
    columns: Sequence[str] = ()
    width: int = 8
    height: int = 8

    @property
    def description(self) -> str:
        """What Grafana shows behind the panel's sign of information."""
        return f"{self.sees}\n\n**To do:** {self.act}"
