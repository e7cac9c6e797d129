"""The files in `deploy/`, and what stands behind each alert."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

from consumer.observe.catalogue import entries
from consumer.observe.metrics import Metrics
from monitoring.__main__ import FILES, ROOT
from monitoring.alert import Alert
from monitoring.alerts import ALERTS
from monitoring.objectives import OBJECTIVES
from monitoring.rules import prometheus
from tests.monitoring.cases import CASES
from tests.monitoring.promtool import Promtool
from tests.printed.collected import blocks

_METRIC = re.compile(r"\bprovisioner_[a-z_]+")
_SUFFIX = re.compile(r"_(total|bucket|count|sum)$")
_LABEL = re.compile(r"\$labels\.([a-z_]+)")
_PARTS = ["What is noticed", "Confirm", "First", "End it", "Whom to call"]


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_as_it_is_written(path: str) -> None:
    assert (ROOT / path).read_text() == FILES[path](), "run `python -m monitoring`"


def test_prometheus_takes_the_rules(promtool: Promtool, tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(prometheus())
    assert promtool.wrong("check", "rules", str(path)) == ""


def test_names_of_alerts_are_unique() -> None:
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_metric_is_in_the_catalogue(alert: Alert) -> None:
    known = {_SUFFIX.sub("", entry.name) for entry in entries()}
    named = {_SUFFIX.sub("", name) for name in _METRIC.findall(alert.when)}
    assert named - known == set()


def test_what_is_in_time_is_counted_by_a_bucket() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.time_to_account.labels("google").observe(1)
    metrics.time_to_change.labels("google", "suspend_account").observe(1)
    metrics.time_to_welcome.observe(1)
    metrics.backlog.time_to_ledger.observe_all([1])
    buckets = {(sample.name, sample.labels.get("le")) for family in registry.collect() for sample in family.samples}
    assert {(f"{one.metric}_bucket", f"{one.within}.0") for one in OBJECTIVES} <= buckets


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_names_labels_that_the_alert_has(name: str) -> None:
    (alert,) = [alert for alert in ALERTS if alert.name == name]
    assert set(_LABEL.findall(alert.summary)) <= set(CASES[name].labels or {})


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook_with_three_commands(alert: Alert) -> None:
    page = (ROOT / alert.runbook).read_text()
    assert re.findall(r"^# (.*)$", page, re.MULTILINE)[0] == alert.name
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == _PARTS
    assert [len(block.commands) for block in blocks(page)] == [3]


def test_no_runbook_is_left_over() -> None:
    there = {f"docs/runbooks/{page.name}" for page in (ROOT / "docs/runbooks").glob("*.md")}
    assert there == {alert.runbook for alert in ALERTS}


def test_the_operators_rule_has_the_same_groups() -> None:
    rule = yaml.safe_load(FILES["deploy/kubernetes/prometheus-rule.yaml"]())
    assert (rule["apiVersion"], rule["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert rule["spec"] == yaml.safe_load(prometheus())
