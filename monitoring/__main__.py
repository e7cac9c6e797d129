"""`python -m monitoring`: writes what Prometheus reads into `deploy/`."""

from pathlib import Path

from monitoring.rules import chart_template, prometheus, prometheus_rule

ROOT = Path(__file__).parents[1]
FILES = {
    "deploy/prometheus/alerts.yaml": prometheus,
    "deploy/kubernetes/prometheus-rule.yaml": prometheus_rule,
    "deploy/helm/provisioner/templates/prometheusrule.yaml": chart_template,
}
"""What each of them is written by."""


def main() -> None:
    """Writes all of them."""
    for path, written in FILES.items():
        (ROOT / path).write_text(written())


if __name__ == "__main__":
    main()
