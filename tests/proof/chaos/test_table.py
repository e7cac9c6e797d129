from pathlib import Path

import pytest

from proof.chaos.experiment import Experiment
from proof.chaos.result import Result
from proof.chaos.row import Load, Row
from proof.chaos.table import write_page


async def _nothing(_scene: Experiment) -> None:
    pass


def _result(number: int, **found: object) -> Result:
    row = Row(number, "a fault", "no harm", _nothing, Load())
    return Result(row, seed=7, window=20, fired={"kill -9": 3}, effects=120, heal=4.2, **found)  # pyright: ignore[reportArgumentType]  by name


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- chaos: begin -->\n<!-- chaos: end -->\nafter\n", encoding="utf-8")
    return page


def test_results_stand_between_the_markers_and_nothing_else_is_touched(page: Path) -> None:
    write_page(page, [_result(2)])
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- chaos: begin -->")
    rows, _, after = rest.partition("<!-- chaos: end -->")
    assert (before, after) == ("before\n", "\nafter\n")
    assert "| 2 | a fault | no harm | 3 × kill -9 | 120 | 0 | 4 s | 20 s | 7 | passed |" in rows.splitlines()


def test_rows_that_were_not_played_now_keep_their_results_in_the_order_of_the_matrix(page: Path) -> None:
    write_page(page, [_result(10), _result(2)])
    write_page(page, [_result(2, violations=("I1 …",)), _result(3)])
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    assert [(line.split(" | ")[0], line.split(" | ")[-1]) for line in lines] == [
        ("| 2", "failed |"),
        ("| 3", "passed |"),
        ("| 10", "passed |"),
    ]


def test_a_run_that_proves_nothing_says_why(page: Path) -> None:
    write_page(page, [_result(2, invalid=("no fault was fired",))])
    assert "invalid (no fault was fired)" in page.read_text(encoding="utf-8")
