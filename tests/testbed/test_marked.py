"""Only what stands between a page's markers is replaced."""

import pytest

from testbed.marked import between, put

BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
PAGE = f"before\n{BEGIN}\nold\n{END}\nafter\n"


def test_the_block_takes_the_place_of_the_last_one_and_of_nothing_else() -> None:
    assert put(PAGE, "new\n", BEGIN, END) == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_what_stands_there_can_be_read() -> None:
    assert between(PAGE, BEGIN, END) == "\nold\n"


@pytest.mark.parametrize("page", ["no marker", BEGIN, f"{END}{BEGIN}"])
def test_a_page_without_its_markers_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        put(page, "new\n", BEGIN, END)
