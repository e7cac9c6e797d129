"""The picture of the intake week."""

from pathlib import Path
from xml.etree import ElementTree as ET

from bench.year.assumptions import Year
from bench.year.capacity import Capacity
from bench.year.measurement import play
from bench.year.picture import draw

SVG = "{http://www.w3.org/2000/svg}"


def test_each_number_of_replicas_has_a_line_in_each_panel_and_fewer_replicas_the_higher_one(
    tmp_path: Path, year: Year
) -> None:
    page = tmp_path / "year.svg"
    *records, _ = play(year, Capacity(accounts=4.0), replicas=(1, 2))
    draw(page, year, records)
    lines = ET.parse(page).getroot().findall(f"{SVG}polyline")  # noqa: S314  our own file
    highest = [min(float(point.split(",")[1]) for point in line.attrib["points"].split()) for line in lines]
    one_waiting, one_waits, two_waiting, two_waits = highest
    assert one_waiting <= two_waiting < one_waits < two_waits
    assert "1 replica</text>" in page.read_text()
