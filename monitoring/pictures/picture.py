"""A dashboard as an SVG, its panels where Grafana has them."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitoring.dashboards.dashboard import COLUMNS, Cells, Dashboard, Row
from monitoring.dashboards.panel import NO_SERIES, Look, Panel
from monitoring.pictures import lines, newest, states, svg
from monitoring.pictures.answer import Answer, Period, answers, choices
from monitoring.pictures.api import PrometheusApi
from monitoring.pictures.box import Box, cut

_WIDTH, _MARGIN, _TOP, _FOOT = 1_240, 20, 36, 24
_CELL, _HIGH, _GAP = (_WIDTH - 2 * _MARGIN) / COLUMNS, 26, 3
_TITLE = 20


def draw(page: Path, board: Dashboard, api: PrometheusApi, period: Period, *, tenant: str, note: str) -> None:
    """Writes the picture of what Prometheus answers. `note` says what the data are. Raises `QueryFailed`."""
    chosen = choices(board, tenant)
    parts: list[str] = []
    bottom = 0.0
    for what, cells in board.placed():
        box = _box(cells)
        bottom = max(bottom, box.bottom)
        if isinstance(what, Row):
            parts.append(svg.text(box.x + 2, box.bottom - 7, what.title, anchor="start", size=14))
        else:
            parts += _panel(what, answers(what, api, period, chosen), period, box)
    parts.append(svg.text(_MARGIN, bottom + 16, _label(period, note), anchor="start", size=11))
    title = f"{board.title} ({chosen['tenant']})" if "tenant" in chosen else board.title
    svg.write(page, _WIDTH, round(bottom + _FOOT), title, parts, left=_MARGIN)


def _box(cells: Cells) -> Box:
    x, y = _MARGIN + cells.x * _CELL, _TOP + cells.y * _HIGH
    return Box(x, y, cells.width * _CELL, cells.height * _HIGH).within(left=_GAP, top=_GAP, right=_GAP, bottom=_GAP)


def _panel(panel: Panel, found: Sequence[Answer], period: Period, box: Box) -> Iterator[str]:
    yield svg.box(box.x, box.y, box.width, box.height, fill="#ffffff", stroke="#cccccc")
    yield svg.text(box.x + 6, box.y + 14, cut(panel.title, box.width - 12, 12), anchor="start", size=12)
    inner = box.within(left=6, top=_TITLE, right=6, bottom=4)
    if not found:
        yield svg.text(inner.x + inner.width / 2, inner.y + inner.height / 2, NO_SERIES, size=12)
        return
    match panel.look:
        case Look.NUMBERS:
            yield from newest.numbers(panel, found, inner)
        case Look.TABLE:
            yield from newest.table(panel, found, inner)
        case Look.STATES:
            yield from states.draw(panel, found, period, inner)
        case Look.LINES | Look.AREAS:
            yield from lines.draw(panel, found, period, inner)


def _label(period: Period, note: str) -> str:
    start, end = (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) for at in (period.start, period.end))
    return f"{note}. {start} to {end} UTC. Drawn by `python -m monitoring.pictures` from the dashboard's own queries, not by Grafana."
