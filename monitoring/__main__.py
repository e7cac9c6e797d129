"""`python -m monitoring`: writes what Prometheus and Grafana read into `deploy/`."""

from functools import partial
from pathlib import Path

from monitoring.dashboards.dashboards import DASHBOARDS
from monitoring.grafana import model
from monitoring.rules import prometheus, prometheus_rule

ROOT = Path(__file__).parents[1]
FILES = {
    "deploy/prometheus/alerts.yaml": prometheus,
    "deploy/kubernetes/prometheus-rule.yaml": prometheus_rule,
    **{f"deploy/grafana/{board.uid}.json": partial(model, board) for board in DASHBOARDS},
}
"""What each of them is written by."""


def main() -> None:
    """Writes all of them."""
    for path, written in FILES.items():
        (ROOT / path).write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
