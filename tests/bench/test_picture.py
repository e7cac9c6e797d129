"""The picture of waits."""

from pathlib import Path
from xml.etree import ElementTree as ET

from bench.picture import Curve, draw

SVG = "{http://www.w3.org/2000/svg}"


def test_a_curve_says_its_median_its_99th_percentile_and_its_worst() -> None:
    waits = [0.01 * n for n in range(1, 101)]
    assert str(Curve("alone", waits)) == "alone: p50 0.51 s, p99 1.00 s, worst 1.00 s"


def test_each_curve_is_a_line_from_its_shortest_wait_to_its_longest(tmp_path: Path) -> None:
    page = tmp_path / "waits.svg"
    draw(page, [Curve("alone", [0.1, 0.2, 0.5]), Curve("beside", [0.1, 1.0, 9.0])], "schools' students")
    lines = ET.parse(page).getroot().findall(f"{SVG}polyline")  # noqa: S314  our own file
    ends = [[float(point.split(",")[0]) for point in line.attrib["points"].split()] for line in lines]
    assert [points == sorted(points) for points in ends] == [True, True]
    assert ends[0][0] == ends[1][0] < ends[0][-1] < ends[1][-1]
    assert "schools&#x27; students" in page.read_text()
