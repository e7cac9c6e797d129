"""Draws the pictures of docs/dashboards.md from made-up data: `python -m tests.monitoring.sample`. It takes six minutes."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from monitoring.rules import prometheus
from testbed.parts.prometheus import Prometheus
from tests.monitoring.exposition import TENANTS
from tests.monitoring.served import served

_MINUTES = 6
_BEFORE = 30
"""Seconds that are not shown: series begin in them."""
_NOTE = "Sample data, made up: tests/monitoring/exposition.py"


def main() -> None:
    """Scrapes two replicas for an intake and a half, and draws."""
    argparse.ArgumentParser(prog="python -m tests.monitoring.sample", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, served(2, period=60 * _MINUTES / 1.5) as targets:
        rules = Path(folder) / "alerts.yaml"
        rules.write_text(prometheus())
        with Prometheus(targets, rules=[rules]) as scraping:
            time.sleep(60 * _MINUTES + _BEFORE)
            options = [f"--prometheus={scraping.url}", f"--minutes={_MINUTES}", "--scrape=1", f"--note={_NOTE}"]
            command = [sys.executable, "-m", "monitoring.pictures", *options, f"--tenant={TENANTS[0]}"]
            subprocess.run(command, check=True)  # noqa: S603  our own command


if __name__ == "__main__":
    main()
