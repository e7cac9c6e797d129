"""The page that keeps the latest results."""

from pathlib import Path

import pytest

from bench.report import BEGIN, END, write
from bench.row import Row

ROWS = [
    Row("accounts", "210/s", "200/s", met=True),
    Row("memory", "1.40", "1.1 or less", met=False),
    Row("calls", "1,200/s"),
]


def test_the_table_takes_the_place_of_the_last_one_and_of_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    write(page, ROWS)
    text = page.read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nafter\n")
    assert "old" not in text
    assert (
        "| accounts | 210/s | 200/s | met |\n| memory | 1.40 | 1.1 or less | not met |\n| calls | 1,200/s |  |  |\n"
        in text
    )


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    write(page, ROWS)
    once = page.read_text()
    write(page, ROWS)
    assert page.read_text().count("| accounts |") == once.count("| accounts |") == 1


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# A page\n")
    with pytest.raises(ValueError, match="markers"):
        write(page, ROWS)
    assert page.read_text() == "# A page\n"
