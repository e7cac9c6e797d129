"""Every query of the dashboards, answered by a real Prometheus that has scraped two replicas' metrics."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.dashboards import DASHBOARDS
from monitoring.dashboards.panel import NO_SERIES, Panel, Query
from monitoring.pictures.__main__ import busiest
from monitoring.pictures.answer import Period, answered, choices
from monitoring.pictures.api import PrometheusApi, QueryFailed
from monitoring.pictures.picture import draw
from monitoring.rules import prometheus
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing
from testbed.parts.prometheus import Prometheus
from tests.monitoring.exposition import TENANTS
from tests.monitoring.served import served

_INTERVAL = 1
_DEADLINE = 60.0
_LONGEST = 1.0
"""Seconds that a query may take."""

QUERIES = [(board, panel, query) for board in DASHBOARDS for panel in board.panels for query in panel.queries]

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Scraped:
    """A Prometheus that has scraped for `since` (Unix time), and continues."""

    api: PrometheusApi
    since: float

    @property
    def period(self) -> Period:
        return Period(self.since, time.time(), _INTERVAL)


@pytest.fixture(scope="module")
def scraped(say: Say, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Where the program cannot be had, the tests are skipped and say why."""
    rules = tmp_path_factory.mktemp("rules") / "alerts.yaml"
    rules.write_text(prometheus())
    with served(2, period=60) as targets:
        since = time.time()
        try:
            scraping = Prometheus(targets, rules=[rules], interval=_INTERVAL, say=say)
        except Missing as why:
            pytest.skip(str(why))
        with scraping:
            api = PrometheusApi(scraping.url)
            yield Scraped(api, since)
            api.close()


def seconds(scraped: Scraped, board: Dashboard, panel: Panel, query: Query) -> float:
    """Waits until there are data, and returns how many seconds the query took then."""
    deadline = time.monotonic() + _DEADLINE
    while True:
        asked = time.monotonic()
        found = answered(panel, query, scraped.api, scraped.period, chosen(board))
        took = time.monotonic() - asked
        if any(math.isfinite(value) for series in found for _, value in series.points):
            return took
        assert time.monotonic() < deadline, f"after {_DEADLINE:.0f} s no data: {query.expr}"
        time.sleep(_INTERVAL / 4)


def chosen(board: Dashboard) -> Mapping[str, str]:
    return choices(board, TENANTS[0])


@pytest.mark.parametrize(
    ("board", "panel", "query"), QUERIES, ids=[f"{b.uid}: {p.title}: {q.legend}" for b, p, q in QUERIES]
)
def test_a_query_returns_data_at_once(scraped: Scraped, board: Dashboard, panel: Panel, query: Query) -> None:
    assert seconds(scraped, board, panel, query) < _LONGEST


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.uid)
def test_a_picture_of_it_has_every_panel_with_its_data(scraped: Scraped, board: Dashboard, tmp_path: Path) -> None:
    deadline = time.monotonic() + _DEADLINE
    while NO_SERIES in (texts := drawn(scraped, board, tmp_path / "board.svg")):  # a scrape may come late
        assert time.monotonic() < deadline, texts
        time.sleep(_INTERVAL / 4)
    assert any(text and text.startswith("Sample data.") and "not by Grafana" in text for text in texts)
    assert all(row.title in texts for row in board.rows)


def drawn(scraped: Scraped, board: Dashboard, page: Path) -> Sequence[str | None]:
    """The texts of the board's picture."""
    draw(page, board, scraped.api, scraped.period, tenant=TENANTS[0], note="Sample data")
    return [element.text for element in ET.parse(page).getroot().iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  our own file


def test_the_tenant_with_most_events_is_drawn_where_none_is_named(scraped: Scraped) -> None:
    (board,) = [board for board in DASHBOARDS if board.uid == "provisioner-tenant"]
    panel = next(board.panels)
    seconds(scraped, board, panel, panel.queries[0])
    assert busiest(scraped.api, scraped.period) == TENANTS[0]


def test_a_query_that_prometheus_rejects_is_named_with_its_answer(scraped: Scraped) -> None:
    with pytest.raises(QueryFailed, match=r"sum\(: .*parse error"):
        scraped.api.newest("sum(", time.time())
