"""The dashboards beside a real service: a Prometheus scrapes the demonstration while it runs, and the panels show its school year."""

import math
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.dashboards import DASHBOARDS
from monitoring.dashboards.panel import Panel
from monitoring.pictures.answer import Period, answers, choices
from monitoring.pictures.api import PrometheusApi
from monitoring.rules import prometheus
from sandbox.demo.institutions import INSTITUTIONS
from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing
from testbed.parts.prometheus import Prometheus

_DEADLINE = 240.0
_TENANT = INSTITUTIONS[1].id

NOT_THERE: Mapping[str, Sequence[str]] = {
    "trouble that the demonstration does not have, or not each time": (
        *(
            "Intake is paused",
            "Trouble that loops recover from",
            "Records that this version cannot read",
            "Fenced writes",
        ),
        *("Students held, by reason", "For how long the oldest is held", "Accounts that differ from the ledger"),
        *("The whole tenant had to wait", "Tenants had to wait", "Tenants that had to wait most"),
        *("Calls over a limit", "Calls throttled, of the last 30 minutes", "Share of the limit in use", "Quota in use"),
        *(
            "Verifications, by what was found",
            "Steps of which nothing is known",
            "Oldest step of which nothing is known",
        ),
    ),
    "over before what waits is measured, or before the newest value is read": (
        *("Students who are due", "For how long the oldest is due", "Tenants with most students due"),
        *("Students due, by class", "Actions that the guard has parked", "Latency, p95", "Slowest requests, p95"),
    ),
    "no part of the demonstration has a client certificate": ("Certificate ends in", "Certificates of the service"),
}
"""Panels without data, by why."""

EXPECTED = [
    (board, panel)
    for board in DASHBOARDS
    for panel in board.panels
    if not any(panel.title in titles for titles in NOT_THERE.values())
]


@pytest.fixture
def scraped(tmp_path: Path, say: Say) -> Iterator[tuple[PrometheusApi, float]]:
    """A Prometheus beside the demonstration, and since when. Where the program cannot be had, the test is skipped and says why."""
    rules = tmp_path / "alerts.yaml"
    rules.write_text(prometheus())
    (port,) = free_ports(1)
    since = time.time()
    try:
        scraping = Prometheus([f"{HOST}:{port}"], rules=[rules], say=say)
    except Missing as why:
        pytest.skip(str(why))
    demo = [sys.executable, "-m", "consumer.cli", "demo", "--keep", f"--port={port}"]
    with scraping, KeptProcess(demo, log=tmp_path / "demo.log", stop_signal=signal.SIGINT, grace=30):
        api = PrometheusApi(scraping.url)
        yield api, since
        api.close()


@pytest.mark.long(seconds=90)
@pytest.mark.parts
def test_its_panels_show_what_a_real_service_does(scraped: tuple[PrometheusApi, float]) -> None:
    api, since = scraped
    deadline = time.monotonic() + _DEADLINE
    without = EXPECTED
    while without:
        period = Period(since, time.time(), scrape=1)
        without = [(board, panel) for board, panel in without if not shows(api, board, panel, period)]
        assert time.monotonic() < deadline, [f"{board.uid}: {panel.title}" for board, panel in without]
        time.sleep(1)


def shows(api: PrometheusApi, board: Dashboard, panel: Panel, period: Period) -> bool:
    """Whether there are data by now."""
    found = answers(panel, api, period, choices(board, _TENANT))
    return any(math.isfinite(value) for answer in found for _, value in answer.series.points)


def test_what_has_no_data_is_a_panel() -> None:
    titles = {panel.title for board in DASHBOARDS for panel in board.panels}
    assert {title for each in NOT_THERE.values() for title in each} - titles == set()
