"""`python -m monitoring.pictures`: draws every dashboard from what a Prometheus has scraped of a run."""

import argparse
import time
from pathlib import Path

from consumer.observe.catalogue import EVENTS
from monitoring.dashboards.dashboards import DASHBOARDS
from monitoring.dashboards.query import happened
from monitoring.pictures.answer import Period
from monitoring.pictures.api import PrometheusApi
from monitoring.pictures.picture import draw

FOLDER = Path(__file__).parents[2] / "docs/dashboards"


def main() -> None:
    """Writes one SVG for each dashboard, named after it."""
    parser = argparse.ArgumentParser(prog="python -m monitoring.pictures", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL", help="such as http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=60.0, help="how much is shown, up to now or to --until")
    parser.add_argument("--until", type=float, default=None, help="Unix time in seconds")
    parser.add_argument("--scrape", type=float, default=5.0, help="Prometheus' interval, in seconds")
    parser.add_argument(
        "--tenant", default=None, help="whose dashboard is drawn; without it, that of the tenant with most events"
    )
    parser.add_argument("--note", required=True, help="what the data are, such as: A run with 10,000 students")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()

    end = given.until or time.time()
    period = Period(end - 60 * given.minutes, end, given.scrape)
    api = PrometheusApi(given.prometheus)
    tenant = given.tenant or busiest(api, period)
    given.folder.mkdir(parents=True, exist_ok=True)
    for board in DASHBOARDS:
        draw(given.folder / f"{board.uid}.svg", board, api, period, tenant=tenant, note=given.note)
    api.close()


def busiest(api: PrometheusApi, period: Period) -> str:
    """The tenant with most events in this time; empty where there are none."""
    window = f"{round(period.end - period.start)}s"
    found = api.newest(f"topk(1, {happened(EVENTS, 'tenant', window=window)})", period.end)
    return found[0].labels["tenant"] if found else ""


if __name__ == "__main__":
    main()
