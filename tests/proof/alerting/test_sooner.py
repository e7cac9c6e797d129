"""The rules that are played are those that are shipped, sixty times sooner."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.rules import prometheus
from proof.alerting.sooner import sooner
from tests.monitoring.promtool import Promtool

RULES: list[dict[str, Any]] = yaml.safe_load(sooner(prometheus()))["groups"][0]["rules"]


def rule(alert: str) -> dict[str, Any]:
    return next(rule for rule in RULES if rule.get("alert") == alert)


def test_a_wait_is_shorter() -> None:
    assert rule("ReplicaDown")["for"] == "15s"
    assert rule("DeadLetters")["for"] == "0s"


def test_a_window_is_shorter() -> None:
    assert "[10s]" in rule("LedgerBehind")["expr"]
    assert rule("LedgerBehind")["expr"].endswith("offset 10s) > 0")


def test_an_age_is_less() -> None:
    assert rule("StudentsWait")["expr"].endswith("> 60")


def test_numbers_and_shares_stay() -> None:
    assert "> 20" in rule("FencedWrites")["expr"]
    assert rule("VendorThrottles")["expr"].endswith("> 0.05")
    assert rule("CertificateExpires")["expr"].endswith("< 30 * 86400")


def test_what_is_recorded_keeps_its_name() -> None:
    (recorded,) = (rule for rule in RULES if rule.get("record") == "provisioner:intake:late_ratio_rate1h")
    assert "[60s]" in recorded["expr"]


@pytest.mark.slow
def test_prometheus_takes_them(promtool: Promtool, tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(sooner(prometheus()))
    assert promtool.wrong("check", "rules", str(path)) == ""
