"""The dashboards: what they ask is in the catalogue, what they show has a unit and a text, and Grafana can load them."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as DashboardModel

from consumer.observe.catalogue import entries
from monitoring.__main__ import ROOT
from monitoring.alert import runbook
from monitoring.alerts import ALERTS
from monitoring.dashboards.dashboard import COLUMNS, Dashboard
from monitoring.dashboards.dashboards import DASHBOARDS
from monitoring.dashboards.panel import Look, Panel, Query, Thresholds
from monitoring.dashboards.query import filled
from monitoring.grafana import model
from monitoring.objective import WINDOWS
from monitoring.objectives import OBJECTIVES
from tests.monitoring.promql import Selected, selected

PANELS = {f"{board.uid}: {panel.title}": panel for board in DASHBOARDS for panel in board.panels}
QUERIES = {
    **{f"{name}: {number}": query for name, panel in PANELS.items() for number, query in enumerate(panel.queries)},
    **{f"{board.uid}: {each.name}": each.query for board in DASHBOARDS for each in board.annotations},
}
GRAFANAS = {"__rate_interval": "5m", "__range": "6h", "tenant": "north-high", "service": "google|mailgun"}
"""What Grafana fills in for its own variables and for those of the dashboards."""
OF_PROMETHEUS = {"up": {"job"}, "ALERTS": {"alertname", "alertstate", "severity"}}
OF_EVERY_TARGET = {"instance", "job"}

of_panels = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
of_queries = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
of_dashboards = pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.uid)


def asked(query: Query) -> Sequence[Selected]:
    return selected(filled(query.expr, GRAFANAS))


@of_queries
def test_a_query_is_promql_without_a_variable_that_no_one_fills_in(query: Query) -> None:
    assert "$" not in filled(query.expr, GRAFANAS)
    assert asked(query) != []


@of_queries
def test_every_metric_is_in_the_catalogue_or_recorded(query: Query) -> None:
    known = {entry.exposed_name for entry in entries()} | {
        one.recorded(window) for one in OBJECTIVES for window in WINDOWS
    }
    suffixed = {
        f"{entry.name}{suffix}"
        for entry in entries()
        if entry.kind == "histogram"
        for suffix in ("_bucket", "_count", "_sum")
    }
    assert {one.metric for one in asked(query)} - known - suffixed - OF_PROMETHEUS.keys() == set()


@of_queries
def test_every_label_and_value_is_in_the_catalogue(query: Query) -> None:
    for one in asked(query):
        sets = label_sets(one.metric)
        for name, values in one.labels.items():
            assert name in sets or name in OF_EVERY_TARGET, f"{one.metric} has no label {name}"
            closed = sets.get(name, ())
            assert not closed or set(values) <= {*closed, ""}, f"{name} of {one.metric} is never one of {values}"


def label_sets(metric: str) -> dict[str, tuple[str, ...]]:
    """The labels of a metric with their closed sets; an open set is empty."""
    for entry in entries():
        names = {entry.exposed_name, *(f"{entry.name}{suffix}" for suffix in ("_bucket", "_count", "_sum"))}
        if metric in names:
            own = {label.name: label.values for label in entry.labels}
            return own | ({"le": ()} if metric.endswith("_bucket") else {})
    return dict.fromkeys(OF_PROMETHEUS.get(metric, set()), ())


@of_queries
def test_a_legend_names_labels_that_the_answer_has(query: Query) -> None:
    kept: set[str] = set()
    for one in asked(query):
        kept |= {*label_sets(one.metric), *OF_EVERY_TARGET} if one.kept is None else one.kept
    named = {part.split("}}")[0].strip() for part in query.legend.split("{{")[1:]}
    assert named <= kept


@of_panels
def test_a_panel_says_what_its_reader_sees_and_does(panel: Panel) -> None:
    for text in (panel.sees, panel.act):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "`" or text[0].isdigit() or text.startswith("docs/")
    assert len(panel.description) < 500


@of_panels
def test_a_panel_of_several_series_names_them(panel: Panel) -> None:
    if panel.look is Look.TABLE:
        assert len(panel.queries) == 1
        assert panel.columns
    elif len(panel.queries) > 1 or panel.look is not Look.NUMBERS:
        assert all(query.legend for query in panel.queries)


@of_panels
def test_a_panels_runbooks_are_those_of_alerts(panel: Panel) -> None:
    assert set(panel.runbooks) <= {alert.name for alert in ALERTS}
    assert all((ROOT / runbook(name)).is_file() for name in panel.runbooks)


def test_every_alert_is_looked_at_by_a_panel_that_leads_to_its_runbook() -> None:
    led_to = {name for panel in PANELS.values() for name in panel.runbooks}
    of_files = {"TenantsFolderUnreadable"}  # one state of the service, which the alert itself says
    assert {alert.name for alert in ALERTS} - led_to == of_files


@of_dashboards
def test_titles_and_places_are_its_own(board: Dashboard) -> None:
    titles = [panel.title for panel in board.panels]
    assert len(set(titles)) == len(titles)
    places = [cells for _, cells in board.placed()]
    assert [(one, other) for one, other in itertools.combinations(places, 2) if one.overlaps(other)] == []
    assert all(cells.x + cells.width <= COLUMNS for cells in places)


@of_dashboards
def test_the_model_has_what_grafana_documents(board: Dashboard) -> None:
    whole: dict[str, Any] = json.loads(model(board))
    assert whole.keys() >= {
        *("uid", "title", "tags", "timezone", "editable", "graphTooltip", "time", "timepicker", "templating"),
        *("annotations", "refresh", "schemaVersion", "panels", "links"),
    }
    assert 8 <= len(whole["uid"]) <= 40
    assert whole["schemaVersion"] >= 36
    assert whole["time"].keys() == {"from", "to"}
    assert [one["name"] for one in whole["templating"]["list"]] == [
        "datasource",
        *(v.name for v in board.variables),
        "docs",
    ]
    assert "id" not in whole  # Grafana gives it


@of_dashboards
def test_grafanas_own_types_read_the_panels_as_they_are(board: Dashboard) -> None:
    register_default_plugins()
    whole: dict[str, Any] = json.loads(model(board))
    read: dict[str, Any] = json.loads(JSONEncoder().encode(DashboardModel.from_json(whole)))
    for panel, back in zip(whole["panels"], read["panels"], strict=True):
        assert {name for name, value in panel.items() if back.get(name) != value} <= {"links"}


@of_dashboards
def test_every_panel_of_the_model_has_what_grafana_documents(board: Dashboard) -> None:
    panels: list[dict[str, Any]] = json.loads(model(board))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel.keys() >= {"id", "type", "title", "gridPos"}
        assert panel["gridPos"].keys() >= {"x", "y", "w", "h"}
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        first, *others = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert first["value"] is None
        assert [step["value"] for step in others] == sorted(step["value"] for step in others)
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert all(target.keys() >= {"expr", "datasource"} for target in panel["targets"])


@of_dashboards
def test_annotations_mark_deployments_and_the_guard(board: Dashboard) -> None:
    marks: list[dict[str, Any]] = json.loads(model(board))["annotations"]["list"]
    assert [mark["name"] for mark in marks] == ["Deployments", "The guard parks", "A person decided"]
    assert all(
        mark.keys() >= {"datasource", "enable", "expr", "iconColor", "titleFormat", "textFormat"} for mark in marks
    )


@of_dashboards
def test_a_dashboard_leads_to_the_others_and_to_runbooks(board: Dashboard) -> None:
    whole: dict[str, Any] = json.loads(model(board))
    (link,) = whole["links"]
    assert (link["type"], link["tags"], set(link["tags"]) <= set(whole["tags"])) == (
        "dashboards",
        ["provisioner"],
        True,
    )
    urls: list[str] = [link["url"] for panel in whole["panels"] if panel["type"] != "row" for link in panel["links"]]
    assert urls
    assert all((ROOT / url.replace("${docs}", "docs")).is_file() for url in urls)


@pytest.mark.parametrize("value", [None, 5.0])
def test_thresholds_rise_whichever_end_is_the_bad_one(value: float | None) -> None:
    above, below = Thresholds(look=value, act=10), Thresholds(look=20, act=10, below=True)
    assert (above.colour(10), above.colour(0)) == ("red", "green")
    assert (below.colour(9), below.colour(10), below.colour(20)) == ("red", "orange", "green")
    assert Thresholds().colour(3) == "text"
