"""What a panel's queries answer at a time: the choices and windows that Grafana would fill in are filled in here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.query import filled
from monitoring.pictures.api import PrometheusApi, Series

_POINTS = 120
_SCRAPES = 4
_LABEL = re.compile(r"{{\s*(\w+)\s*}}")


@dataclass(frozen=True, slots=True)
class Period:
    """What is shown: Unix times in seconds, and how far scrapes are apart."""

    start: float
    end: float
    scrape: float

    @property
    def step(self) -> float:
        """From point to point."""
        return max((self.end - self.start) / _POINTS, self.scrape)

    def windows(self) -> Mapping[str, str]:
        """Grafana's variables of time. A rate's window is at least four scrapes."""
        rate = max(self.step + self.scrape, _SCRAPES * self.scrape)
        return {"__rate_interval": f"{round(rate)}s", "__range": f"{max(1, round(self.end - self.start))}s"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A series under the name that the legend gives it."""

    name: str
    series: Series


def choices(board: Dashboard, tenant: str) -> Mapping[str, str]:
    """Of the dashboard's variables: this tenant; of others all values."""
    return {one.name: tenant if one.name == "tenant" else ".+" for one in board.variables}


def answers(panel: Panel, api: PrometheusApi, period: Period, chosen: Mapping[str, str]) -> Sequence[Answer]:
    """Of all queries of the panel, in their order. Raises `QueryFailed`."""
    return [
        Answer(_name(query.legend, series.labels), series)
        for query in panel.queries
        for series in answered(panel, query, api, period, chosen)
    ]


def answered(
    panel: Panel, query: Query, api: PrometheusApi, period: Period, chosen: Mapping[str, str]
) -> Sequence[Series]:
    """Of one query of the panel. Raises `QueryFailed`."""
    expr = filled(query.expr, {**period.windows(), **chosen})
    if panel.look.is_newest:
        return api.newest(expr, period.end)
    return api.course(expr, period.start, period.end, period.step)


def _name(legend: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda match: labels.get(match[1], ""), legend)
