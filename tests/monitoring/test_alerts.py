"""Each alert in four cases, by Prometheus' own tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.alert import Alert
from monitoring.alerts import ALERTS
from monitoring.objectives import OBJECTIVES
from monitoring.rules import prometheus
from tests.monitoring.cases import CASES, Case, Labels, Series, objective_cases
from tests.monitoring.promtool import Promtool

ALL: Mapping[str, Case] = {
    **CASES,
    **{name: case for one in OBJECTIVES for name, case in objective_cases(one.name, one.target).items()},
}
BY_NAME = {alert.name: alert for alert in ALERTS}
FIRES, WELL, BOUNDARY, NOTHING = "fires", "well", "boundary", "nothing"

Failed = Callable[[str], Mapping[str, str]]


@pytest.fixture(scope="module")
def failed(promtool: Promtool, tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """Of this alert the cases that fail, and why; all of them are tried at once."""
    known: dict[str, Mapping[str, str]] = {}

    def of(name: str) -> Mapping[str, str]:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            known[name] = promtool.failed(str(written(folder, BY_NAME[name], ALL[name].step, cases_of(name))))
        return known[name]

    return of


def cases_of(name: str) -> Sequence[Mapping[str, Any]]:
    alert, case = BY_NAME[name], ALL[name]
    fires = firing(alert, case.labels or {})
    return [
        one(alert, case, FIRES, case.fires, case.at, fires),
        one(alert, case, WELL, case.quiet, case.quiet_at or case.at, []),
        one(alert, case, BOUNDARY, case.boundary, case.boundary_at or case.at, []),
        one(alert, case, NOTHING, {}, case.at, firing(alert, {}) if case.fires_on_nothing else []),
    ]


def one(
    alert: Alert, case: Case, name: str, series: Series, at: str, expected: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    return {
        "name": name,
        "interval": case.step,
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "alert_rule_test": [{"eval_time": at, "alertname": alert.name, "exp_alerts": expected}],
    }


def firing(alert: Alert, labels: Labels) -> Sequence[Mapping[str, Any]]:
    whole = {**labels, "severity": alert.severity.value}
    return [{"exp_labels": whole, "exp_annotations": {"summary": "", "runbook": alert.runbook}}]


def written(folder: Path, alert: Alert, step: str, tests: Sequence[Mapping[str, Any]]) -> Path:
    """A test file of the alert's rule, with what is recorded for it. Its sentence is left out: that has a test of its own."""
    recorded = [objective for objective in OBJECTIVES if alert.name in {each.name for each in objective.alerts()}]
    rules, path = folder / "rules.yaml", folder / "test.yaml"
    rules.write_text(prometheus([replace(alert, summary="")], recorded))
    path.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": step, "tests": [*tests]}))
    return path


def test_every_alert_has_its_cases() -> None:
    assert ALL.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", ALL)
def test_it_fires(failed: Failed, name: str) -> None:
    assert FIRES not in failed(name), failed(name)[FIRES]


@pytest.mark.parametrize("name", ALL)
def test_it_does_not_when_all_is_well(failed: Failed, name: str) -> None:
    assert WELL not in failed(name), failed(name)[WELL]


@pytest.mark.parametrize("name", ALL)
def test_nor_at_its_boundary(failed: Failed, name: str) -> None:
    assert BOUNDARY not in failed(name), failed(name)[BOUNDARY]


@pytest.mark.parametrize("name", ALL)
def test_where_nothing_is_scraped_only_that_is_reported(failed: Failed, name: str) -> None:
    assert NOTHING not in failed(name), failed(name)[NOTHING]


def test_with_few_students_those_who_are_late_are_no_alert(promtool: Promtool, tmp_path: Path) -> None:
    alert, case = BY_NAME["AccountsSlow"], ALL["AccountsSlow"]
    few = {
        "provisioner_time_to_account_seconds_count": "0x30 9x90",
        'provisioner_time_to_account_seconds_bucket{le="300.0"}': "0x120",
    }
    assert promtool.failed(str(written(tmp_path, alert, "1m", [one(alert, case, "few", few, "40m", [])]))) == {}


def test_a_rule_that_is_broken_by_hand_is_found(promtool: Promtool, tmp_path: Path) -> None:
    broken = replace(ALERTS[0], when=f"({ALERTS[0].when}")
    path = tmp_path / "rules.yaml"
    path.write_text(prometheus([broken], []))
    assert "could not parse expression" in promtool.wrong("check", "rules", str(path))
