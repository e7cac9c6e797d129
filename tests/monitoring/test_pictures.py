"""What a picture makes of answers: values in words, lines with gaps, stacked areas, tables, bands."""

import math
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

import pytest

from monitoring.dashboards.panel import Colour, Look, Panel, Query, Thresholds, Unit
from monitoring.dashboards.query import filled
from monitoring.pictures import lines, newest, states
from monitoring.pictures.answer import Answer, Period
from monitoring.pictures.api import Series
from monitoring.pictures.box import Box, cut
from monitoring.pictures.colours import MEANINGS, PALETTE
from monitoring.pictures.values import shown, top

BOX = Box(0, 0, 400, 200)
PERIOD = Period(start=0, end=240, scrape=1)


NONE = Thresholds()


def panel(look: Look, *, unit: Unit = Unit.COUNT, thresholds: Thresholds = NONE, columns: Sequence[str] = ()) -> Panel:
    query = Query("up", "{{instance}}")
    return Panel(
        title="Replicas",
        sees="…",
        act="…",
        queries=[query],
        unit=unit,
        look=look,
        thresholds=thresholds,
        columns=columns,
    )


def answer(name: str, *points: tuple[float, float], **labels: str) -> Answer:
    return Answer(name, Series(labels, points))


def elements(parts: Iterable[str], tag: str) -> Sequence[ET.Element]:
    return ET.fromstring(f"<svg>{''.join(parts)}</svg>").findall(tag)  # noqa: S314  our own


def corners(element: ET.Element) -> Sequence[tuple[float, float]]:
    pairs = (point.split(",") for point in element.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, Unit.COUNT, "0"),
        (12_345, Unit.COUNT, "12,345"),
        (1.234, Unit.EACH_SECOND, "1.23/s"),
        (0.0123, Unit.SECONDS, "12.3 ms"),
        (90, Unit.SECONDS, "1.5 min"),
        (7_200, Unit.SECONDS, "2 h"),
        (60 * 86_400, Unit.SECONDS, "60 d"),
        (0.995, Unit.SHARE, "99.5 %"),
        (14.4, Unit.TIMES, "14.4 ×"),
        (1, Unit.STATE, "yes"),
        (math.nan, Unit.SECONDS, "–"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, unit: Unit, words: str) -> None:
    assert shown(value, unit) == words


@pytest.mark.parametrize(
    ("most", "unit", "end"),
    [
        (0, Unit.EACH_SECOND, 1),
        (0.03, Unit.SHARE, 0.04),
        (1, Unit.EACH_SECOND, 1),
        (4.2, Unit.TIMES, 8),
        (61, Unit.COUNT, 80),
        (1, Unit.COUNT, 4),
        (0.3, Unit.SECONDS, 0.4),
        (61, Unit.SECONDS, 120),
        (3_601, Unit.SECONDS, 7_200),
        (10**9, Unit.SECONDS, 10**9),
    ],
)
def test_an_axis_ends_at_a_round_number(most: float, unit: Unit, end: float) -> None:
    assert top(most, unit) == pytest.approx(end)


def test_what_grafana_would_fill_in_is_filled_in() -> None:
    windows = Period(0, 600, 5).windows()
    assert (
        filled('rate(x{tenant="$tenant"}[$__rate_interval])', {**windows, "tenant": "a"}) == 'rate(x{tenant="a"}[20s])'
    )
    assert filled("increase(x[$__range])", windows) == "increase(x[600s])"


def test_a_line_is_interrupted_where_values_are_missing() -> None:
    course = [(0.0, 1.0), (1.0, 2.0), (2.0, math.nan), (10.0, 3.0), (11.0, 4.0)]
    drawn = elements(lines.draw(panel(Look.LINES), [answer("a", *course)], PERIOD, BOX), "polyline")
    assert [len(corners(line)) for line in drawn] == [2, 2]


def test_areas_stand_on_each_other() -> None:
    first, second = [(0.0, 1.0), (1.0, 1.0)], [(0.0, 2.0), (1.0, 2.0)]
    drawn = elements(lines.draw(panel(Look.AREAS), [answer("a", *first), answer("b", *second)], PERIOD, BOX), "polygon")
    upper, lower = (min(y for _, y in corners(area)) for area in drawn)
    ground = max(y for _, y in corners(drawn[0]))
    assert (ground - upper) == pytest.approx(3 * (ground - lower), abs=0.5)


def test_a_threshold_is_drawn_where_it_has_room() -> None:
    def dashed(value: float) -> Sequence[str]:
        shown = panel(Look.LINES, thresholds=Thresholds(look=5, act=500))
        grid = elements(lines.draw(shown, [answer("a", (0, value), (1, value))], PERIOD, BOX), "line")
        return [line.attrib["stroke"] for line in grid if "stroke-dasharray" in line.attrib]

    assert dashed(1) == []
    assert dashed(8) == [MEANINGS[Colour.LOOK]]
    assert dashed(600) == [MEANINGS[Colour.LOOK], MEANINGS[Colour.ACT]]


def test_a_legend_names_as_many_as_have_room_and_counts_the_rest() -> None:
    found = [answer(f"replica {number}", (0, 1), (1, number)) for number in range(12)]
    texts = [element.text or "" for element in elements(lines.draw(panel(Look.LINES), found, PERIOD, BOX), "text")]
    assert "replica 0  0" in texts
    assert "and 5 more" in texts


def test_numbers_have_the_colour_of_what_they_mean() -> None:
    shown = panel(Look.NUMBERS, thresholds=Thresholds(look=2, act=1, below=True))
    texts = elements(newest.numbers(shown, [answer("a", (0, 2)), answer("b", (0, 0))], BOX), "text")
    assert [(text.text, text.attrib["fill"]) for text in texts if text.text in {"2", "0"}] == [
        ("2", MEANINGS[Colour.WELL]),
        ("0", MEANINGS[Colour.ACT]),
    ]


def test_a_table_begins_with_the_largest() -> None:
    rows = [answer("", (0, 1), tenant="small"), answer("", (0, 9), tenant="large")]
    texts = [each.text for each in elements(newest.table(panel(Look.TABLE, columns=["tenant"]), rows, BOX), "text")]
    assert texts == ["tenant", "value", "large", "9", "small", "1"]


def test_a_state_is_a_band_for_as_long_as_it_lasts() -> None:
    shown = panel(Look.STATES, unit=Unit.STATE, thresholds=Thresholds(act=1))
    course = [(float(at), float(100 <= at < 150)) for at in range(241)]
    bands = elements(states.draw(shown, [answer("outbound", *course)], PERIOD, BOX), "rect")
    assert [band.attrib["fill"] for band in bands] == [
        MEANINGS[Colour.WELL],
        MEANINGS[Colour.ACT],
        MEANINGS[Colour.WELL],
    ]
    whole = sum(float(band.attrib["width"]) for band in bands)
    assert float(bands[1].attrib["width"]) == pytest.approx(whole * 50 / 240, rel=0.02)


def test_words_are_cut_where_there_is_no_room() -> None:
    assert cut("harbour-college", 400, 10) == "harbour-college"
    assert cut("harbour-college", 60, 10) == "harbour-c…"


def test_no_two_series_of_a_panel_look_alike() -> None:
    assert len(set(PALETTE)) == len(PALETTE)
