"""The files that Grafana reads: each dashboard as its JSON model, made with Grafana's own SDK."""

import json
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import dashboard as made
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.alert import runbook
from monitoring.dashboards.dashboard import Annotation, Cells, Dashboard, Row, Variable
from monitoring.dashboards.panel import NO_SERIES, Look, Panel, Query

DOCS = "/public/provisioner"
"""Where the composition's Grafana serves the folder docs/; a reader elsewhere enters where its pages are, in the variable `docs`."""

_TAG = "provisioner"
_SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
_LEGEND_VALUES = ["lastNotNull", "max"]
_OF_TENANT = "/d/provisioner-tenant?var-tenant=${__data.fields.tenant}&${__url_time_range}"

_Shown = stat.Panel | timeseries.Panel | statetimeline.Panel | table.Panel


def model(board: Dashboard) -> str:
    """A file for Grafana's provisioning of dashboards."""
    built = (
        made.Dashboard(board.title)
        .uid(board.uid)
        .description(board.question)
        .tags([_TAG])
        .editable()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .timezone("browser")
        .timepicker(made.TimePicker().refresh_intervals(["5s", "30s", "1m", "5m", "15m"]))
        .refresh("30s")
        .link(
            made.DashboardLink("Provisioner's dashboards")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .keep_time(keep_time=True)
            .include_vars(include_vars=True)
        )
        .with_variable(made.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for variable in board.variables:
        built.with_variable(_variable(variable))
    built.with_variable(made.TextBoxVariable("docs").label("Pages of docs/ at").default_value(DOCS))
    for number, (what, cells) in enumerate(board.placed(), start=1):
        if isinstance(what, Row):
            built.with_row(made.Row(what.title).id(number).grid_pos(_place(cells)))
        else:
            built.with_panel(_panel(what, number).grid_pos(_place(cells)))
    whole = json.loads(JSONEncoder(sort_keys=True).encode(built.build()), object_hook=_without_placement)
    whole["annotations"] = {"list": [_annotation(each) for each in board.annotations]}
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _without_placement(part: dict[str, Any]) -> dict[str, Any]:
    """The SDK sets the only value that its form has, by which newer versions of Grafana hide a dashboard's links in a menu."""
    return {name: value for name, value in part.items() if name != "placement" or value != "inControlsMenu"}


def _panel(panel: Panel, number: int) -> _Shown:
    shown = _shown(panel)
    shown.id(number).title(panel.title).description(panel.description).datasource(_SOURCE)
    shown.unit(panel.unit.value).no_value(NO_SERIES).thresholds(_thresholds(panel))
    shown.links([_runbook(name) for name in panel.runbooks])
    for query, name in zip(panel.queries, ascii_uppercase, strict=False):
        shown.with_target(_target(query, name, panel.look))
    return shown


def _shown(panel: Panel) -> _Shown:
    match panel.look:
        case Look.NUMBERS:
            return (
                stat.Panel()
                .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
                .color_mode(common.BigValueColorMode.VALUE)
                .graph_mode(common.BigValueGraphMode.NONE)
                .text_mode(_text(panel.queries))
            )
        case Look.TABLE:
            return _table(panel)
        case Look.STATES:
            return statetimeline.Panel().color_scheme(_by_thresholds()).show_value(common.VisibilityMode.NEVER)
        case Look.LINES | Look.AREAS:
            return _lines(panel)


def _text(queries: Sequence[Query]) -> common.BigValueTextMode:
    """A single number needs no name beside its panel's title."""
    return common.BigValueTextMode.VALUE_AND_NAME if queries[0].legend else common.BigValueTextMode.VALUE


def _lines(panel: Panel) -> timeseries.Panel:
    stacked = panel.look is Look.AREAS
    lines = (
        timeseries.Panel()
        .min(0)
        .line_width(1)
        .fill_opacity(40 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            VizLegendOptions()
            .display_mode(common.LegendDisplayMode.TABLE)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
            .calcs(_LEGEND_VALUES)
        )
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    )
    if stacked:
        lines.stacking(StackingConfig().mode(common.StackingMode.NORMAL))
    elif len(panel.thresholds.steps) > 1:
        lines.thresholds_style(GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    return lines


def _table(panel: Panel) -> table.Panel:
    """Labels in their order, then the value; a tenant leads to its dashboard."""
    order = {name: position for position, name in enumerate([*panel.columns, "Value"])}
    rows = (
        table.Panel()
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="organize",
                options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": {"Value": panel.title}},
            )
        )
        .override_by_name(
            panel.title,
            [dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})],
        )
    )
    if "tenant" in panel.columns:
        link = {"title": "The tenant's dashboard", "url": _OF_TENANT}
        rows.override_by_name("tenant", [dashboard.DynamicConfigValue("links", [link])])
    return rows


def _thresholds(panel: Panel) -> made.ThresholdsConfig:
    steps = [dashboard.Threshold(value=value, color=colour.value) for value, colour in panel.thresholds.steps]
    return made.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _by_thresholds() -> made.FieldColor:
    return made.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS)


def _target(query: Query, name: str, look: Look) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(query.expr).ref_id(name).datasource(_SOURCE)
    if query.legend:
        asked.legend_format(query.legend)
    if look is Look.TABLE:
        asked.format(PromQueryFormat.TABLE)
    return asked.instant() if look.is_newest else asked.range()


def _runbook(alert: str) -> made.DashboardLink:
    url = runbook(alert).replace("docs/", "${docs}/", 1)
    return (
        made.DashboardLink(f"Runbook: {alert}")
        .type(dashboard.DashboardLinkType.LINK)
        .url(url)
        .target_blank(target_blank=True)
    )


def _variable(variable: Variable) -> made.QueryVariable:
    values = f"label_values({variable.metric}, {variable.name})"
    chosen = (
        made.QueryVariable(variable.name)
        .label(variable.name.capitalize())
        .datasource(_SOURCE)
        .query({"query": values, "refId": "values"})
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
    if variable.several:
        chosen.multi(multi=True).include_all(include_all=True)
        chosen.current(dashboard.VariableOption(text=["All"], value=["$__all"], selected=True))
    return chosen


def _annotation(annotation: Annotation) -> Mapping[str, Any]:
    """By hand: the SDK's annotations have no text."""
    return {
        "datasource": {"type": _SOURCE.type_val, "uid": _SOURCE.uid},
        "enable": True,
        "expr": annotation.query.expr,
        "iconColor": annotation.colour,
        "name": annotation.name,
        "step": "60s",
        "textFormat": annotation.query.legend,
        "titleFormat": annotation.name,
    }


def _place(cells: Cells) -> dashboard.GridPos:
    return dashboard.GridPos(x=cells.x, y=cells.y, w=cells.width, h=cells.height)
