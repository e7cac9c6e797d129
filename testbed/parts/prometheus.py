"""Prometheus and its Alertmanager, as Debian's packages have them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from monitoring.alerts import JOB
from testbed.parts.artefacts import Say
from testbed.parts.debian import program, relocated
from testbed.parts.web_program import WebProgram

_TEMPLATES = "/usr/share/prometheus/alertmanager"
"""Of what Alertmanager sends, as Debian builds it."""


class Prometheus(WebProgram):
    """Scrapes these `targets` (`127.0.0.1:PORT`) and evaluates these `rules`, both every `interval` seconds, on a free port. Blocking.

    Alerts go to the Alertmanager at the address `alerts_to`, where there is one. Raises `Missing` where the program cannot be had.
    """

    def __init__(
        self,
        targets: Sequence[str],
        *,
        rules: Sequence[Path] = (),
        interval: int = 1,
        alerts_to: str | None = None,
        say: Say = print,
    ) -> None:
        super().__init__("prometheus", program("prometheus", say))
        self._targets = targets
        self._rules = rules
        self._interval = interval
        self._alerts_to = alerts_to

    def arguments(self) -> Sequence[str]:
        every = f"{self._interval}s"
        alertmanagers = [{"static_configs": [{"targets": [self._alerts_to]}]}] if self._alerts_to else []
        settings = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(rules) for rules in self._rules],
            "alerting": {"alertmanagers": alertmanagers},
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [*self._targets]}]}],
        }
        path = self.home / "prometheus.yml"
        path.write_text(yaml.safe_dump(settings))
        return (
            f"--config.file={path}",
            f"--storage.tsdb.path={self.home / 'data'}",
            f"--web.listen-address={self.address}",
        )


class Alertmanager(WebProgram):
    """Sends alerts on as its `configuration` says, on a free port. Blocking. Raises `Missing` where the program cannot be had."""

    def __init__(self, configuration: Mapping[str, Any], *, say: Say = print) -> None:
        super().__init__("alertmanager", relocated(program("prometheus-alertmanager", say), _TEMPLATES))
        self._configuration = configuration

    def arguments(self) -> Sequence[str]:
        path = self.home / "alertmanager.yml"
        path.write_text(yaml.safe_dump(dict(self._configuration)))
        return (
            f"--config.file={path}",
            f"--storage.path={self.home / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        )
