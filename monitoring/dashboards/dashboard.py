"""A dashboard: rows of panels, each row under the question that it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from consumer.observe.entries import Entry, HistogramEntry, Label
from monitoring.dashboards.panel import Panel, Query

COLUMNS = 24
"""Of Grafana's grid."""


@dataclass(frozen=True, slots=True)
class Row:
    """`title` is the question."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader chooses: one value of this label, or with `several` any number of them, all at first."""

    label: Label
    entry: Entry
    several: bool = False

    @property
    def name(self) -> str:
        """As queries have it, behind `$`."""
        return self.label.name

    @property
    def metric(self) -> str:
        """The one whose values of the label are offered."""
        return f"{self.entry.exposed_name}_count" if isinstance(self.entry, HistogramEntry) else self.entry.exposed_name


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that happened, as a mark on all panels of time: a point for each series of the query."""

    name: str
    query: Query
    colour: str


@dataclass(frozen=True, slots=True)
class Cells:
    """A place on the grid."""

    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: Self) -> bool:
        """Whether they share a cell."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`uid` is its name in addresses and files. `question` is what a reader comes with; `since` is what is shown at first, a time of
    Grafana's."""

    uid: str
    title: str
    question: str
    rows: Sequence[Row]
    annotations: Sequence[Annotation] = ()
    variables: Sequence[Variable] = ()
    since: str = "now-6h"

    @property
    def panels(self) -> Iterator[Panel]:
        """All of them."""
        for row in self.rows:
            yield from row.panels

    def placed(self) -> Iterator[tuple[Row | Panel, Cells]]:
        """Rows and panels with their places, from the top: panels side by side as long as they fit."""
        x = y = height = 0
        for row in self.rows:
            y += height
            yield row, Cells(0, y, COLUMNS, 1)
            x, y, height = 0, y + 1, 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, height = 0, y + height, 0
                yield panel, Cells(x, y, panel.width, panel.height)
                x, height = x + panel.width, max(height, panel.height)
