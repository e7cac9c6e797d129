"""Prometheus and Alertmanager over replicas of the service, and the phone that rings."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from proof.alerting.sooner import sooner
from sandbox.embedded.ports import HOST
from testbed.parts.artefacts import Say
from testbed.parts.prometheus import Alertmanager, Prometheus

_DEPLOY = Path(__file__).parents[2] / "deploy"
_SOON = {"group_wait": "1s", "group_interval": "30s", "repeat_interval": "1h"}


@dataclass(frozen=True, slots=True)
class Notification:
    """What Alertmanager sent of an alert. `at`: in Unix seconds, when it came."""

    name: str
    labels: Mapping[str, str]
    at: float
    resolved: bool
    receiver: str


class Pager:
    """Notifies from `start` to `stop`, which block. Alertmanager routes and inhibits as in `deploy/`, only sooner. Raises `Missing`."""

    def __init__(self, targets: Sequence[str], folder: Path, *, say: Say) -> None:
        self._stack = ExitStack()
        self._received: list[Notification] = []
        self._targets = targets
        self._folder = folder
        self._say = say

    def received(self) -> Sequence[Notification]:
        """All so far."""
        return list(self._received)

    def firing(self) -> frozenset[str]:
        """The names of alerts that were sent and have not ended."""
        newest = {(one.name, tuple(sorted(one.labels.items()))): one for one in self._received}
        return frozenset(one.name for one in newest.values() if not one.resolved)

    def start(self) -> None:
        """Returns when all of it answers. Raises RuntimeError where it does not; `stop` then ends what has started."""
        server = self._stack.enter_context(ThreadingHTTPServer((HOST, 0), self._phone()))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._stack.callback(server.shutdown)
        rules = self._folder / "alerts.yaml"
        rules.write_text(sooner((_DEPLOY / "prometheus" / "alerts.yaml").read_text()))
        alertmanager = Alertmanager(_routed(f"http://{HOST}:{server.server_address[1]}"), say=self._say)
        self._stack.enter_context(alertmanager)
        self._stack.enter_context(
            Prometheus(self._targets, rules=[rules], alerts_to=alertmanager.address, say=self._say)
        )

    def stop(self) -> None:
        """Ends all that has started."""
        self._stack.close()

    def _phone(self) -> type[BaseHTTPRequestHandler]:
        received = self._received

        class Phone(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.extend(_notifications(message))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base has it
                del format, args

        return Phone


def _notifications(message: Mapping[str, Any]) -> Sequence[Notification]:
    return [
        Notification(
            alert["labels"]["alertname"],
            alert["labels"],
            time.time(),
            alert["status"] == "resolved",
            message["receiver"],
        )
        for alert in message["alerts"]
    ]


def _routed(url: str) -> Mapping[str, Any]:
    """The composition's own configuration, with receivers that are listened to."""
    configuration: dict[str, Any] = yaml.safe_load((_DEPLOY / "alertmanager.yml").read_text())
    route = configuration["route"]
    hooks = {"webhook_configs": [{"url": url, "send_resolved": True}]}
    return {
        **configuration,
        "route": {**route, **_SOON, "routes": [{**one, **_SOON} for one in route["routes"]]},
        "receivers": [{**one, **hooks} for one in configuration["receivers"]],
    }
