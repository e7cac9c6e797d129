"""What the composition's Prometheus, Alertmanager and Grafana are given, by their own tools where there are any."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.__main__ import FILES, ROOT
from monitoring.alert import Severity
from monitoring.alerts import ALERTS
from monitoring.grafana import DOCS
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing, program
from tests.monitoring.promtool import Promtool

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ALERTMANAGER: dict[str, Any] = yaml.safe_load((ROOT / "deploy/alertmanager.yml").read_text())
PROVISIONING = ROOT / "deploy/grafana/provisioning"


def mounted(service: str) -> dict[str, str]:
    """By path in this repository, where the container has it."""
    return dict(volume.split(":")[:2] for volume in SERVICES[service]["volumes"])


def test_prometheus_takes_its_configuration(promtool: Promtool) -> None:
    assert promtool.wrong("check", "config", str(ROOT / "deploy/prometheus.yml")) == ""


def test_alertmanager_takes_its_configuration(say: Say) -> None:
    try:
        amtool = program("amtool", say, package="prometheus-alertmanager")
    except Missing as why:
        pytest.skip(str(why))
    done = subprocess.run(  # noqa: S603  our own command
        amtool.command("check-config", str(ROOT / "deploy/alertmanager.yml")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_have_a_receiver_of_their_own() -> None:
    (pages,) = ALERTMANAGER["route"]["routes"]
    assert pages["matchers"] == [f'severity="{Severity.PAGE}"']
    receivers = {one["name"] for one in ALERTMANAGER["receivers"]}
    assert {pages["receiver"], ALERTMANAGER["route"]["receiver"]} == receivers


def test_what_inhibits_and_what_is_inhibited_are_alerts_of_ours() -> None:
    names = {alert.name for alert in ALERTS}
    inhibits = [matched(rule["source_matchers"]) for rule in ALERTMANAGER["inhibit_rules"]]
    inhibited = [matched(rule["target_matchers"]) for rule in ALERTMANAGER["inhibit_rules"]]
    assert inhibits == [{"NoReplica"}, {"DatabaseUnavailable"}]
    assert all(those <= names for those in inhibited)


def matched(matchers: list[str]) -> set[str]:
    """The names of the alerts of a rule's only matcher."""
    (matcher,) = matchers
    return set(matcher.split('"')[1].split("|"))


def test_prometheus_sends_alerts_to_where_alertmanager_answers() -> None:
    scraping = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    (found,) = scraping["alerting"]["alertmanagers"][0]["dns_sd_configs"]
    assert found["names"] == ["alertmanager"]
    assert SERVICES["alertmanager"]["ports"] == [f"127.0.0.1:{found['port']}:{found['port']}"]


def test_grafana_asks_the_composed_prometheus_as_often_as_it_scrapes() -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())["datasources"]
    prometheus, alertmanager = sources
    scraping = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    assert prometheus["url"] == "http://prometheus:9090"
    assert alertmanager["url"] == "http://alertmanager:9093"
    assert prometheus["jsonData"]["timeInterval"] == scraping["global"]["scrape_interval"]


def test_grafana_is_provisioned_with_what_is_written() -> None:
    written = {Path(path).name for path in FILES if path.startswith("deploy/grafana/")}
    assert {path.name for path in (ROOT / "deploy/grafana").glob("*.json")} == written
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/provisioner.yaml").read_text())["providers"]
    assert mounted("grafana")["./deploy/grafana"] == provider["options"]["path"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).parent == Path(provider["options"]["path"])
    assert Path(home).name in written


def test_runbooks_are_served_where_panels_look_for_them() -> None:
    assert mounted("grafana")["./docs"] == f"/usr/share/grafana{DOCS}"


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "grafana"])
def test_nothing_of_it_is_reachable_from_another_machine(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service]["ports"])
