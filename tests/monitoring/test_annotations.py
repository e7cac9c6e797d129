"""What the dashboards mark, by Prometheus' own tool."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from monitoring.dashboards.annotations import annotations
from tests.monitoring.promtool import Promtool

Series = Mapping[str, str]
Labels = Sequence[str]

BUILD = "provisioner_build_info"
PARKED = 'provisioner_parked_actions{tenant="north",action="suspend_account",instance="a"}'
MEASURED = {'provisioner_overview_timestamp_seconds{instance="a"}': "1x30"}
GUARDED = '{tenant="north", action="suspend_account"}'


def marked(
    promtool: Promtool, folder: Path, name: str, at: str, series: Series, expected: Labels, where: str = ""
) -> None:
    """Holds what this annotation marks at this time against what is expected: of each mark its labels."""
    (expr,) = [each.query.expr for each in annotations(where) if each.name == name]
    test = {
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [
            {"expr": expr, "eval_time": at, "exp_samples": [{"labels": each, "value": 1} for each in expected]}
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump({"tests": [test]}))
    assert promtool.wrong("test", "rules", str(path)) == ""


@pytest.mark.parametrize(("at", "marks"), [("9m", []), ("12m", ['{version="2"}']), ("20m", [])])
def test_a_version_is_marked_for_five_minutes_from_its_first_replica_on(
    promtool: Promtool, tmp_path: Path, at: str, marks: Labels
) -> None:
    series = {
        f'{BUILD}{{version="1",instance="a"}}': "1x30",
        f'{BUILD}{{version="1",instance="b"}}': "1x10 _x20",
        f'{BUILD}{{version="2",instance="c"}}': "_x10 1x20",
    }
    marked(promtool, tmp_path, "Deployments", at, series, marks)


@pytest.mark.parametrize(("at", "marks"), [("9m", []), ("12m", [GUARDED]), ("20m", [])])
def test_the_guard_is_marked_when_it_begins_to_park(promtool: Promtool, tmp_path: Path, at: str, marks: Labels) -> None:
    series = {**MEASURED, PARKED: "_x10 1x20"}
    marked(promtool, tmp_path, "The guard parks", at, series, marks)


@pytest.mark.parametrize(("at", "marks"), [("9m", []), ("14m", [GUARDED]), ("25m", [])])
def test_a_decision_is_marked_when_nothing_is_parked_any_more(
    promtool: Promtool, tmp_path: Path, at: str, marks: Labels
) -> None:
    series = {**MEASURED, PARKED: "1x10 stale"}
    marked(promtool, tmp_path, "A person decided", at, series, marks)


def test_it_is_not_where_nothing_is_measured_any_more(promtool: Promtool, tmp_path: Path) -> None:
    series = {"provisioner_overview_timestamp_seconds": "1x10 stale", PARKED: "1x10 stale"}
    marked(promtool, tmp_path, "A person decided", "14m", series, [])


def test_a_tenants_dashboard_marks_its_own_alone(promtool: Promtool, tmp_path: Path) -> None:
    series = {**MEASURED, PARKED: "_x10 1x20"}
    marked(promtool, tmp_path, "The guard parks", "12m", series, [GUARDED], where='tenant="north"')
    marked(promtool, tmp_path, "The guard parks", "12m", series, [], where='tenant="south"')
