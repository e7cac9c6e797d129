"""Files and modules that the pages name are there."""

import re

import pytest

from tests.printed.collected import PAGES, ROOT

_FILE = re.compile(r"`((?:bench|config|consumer|deploy|docs|proof|sandbox|schemas|templates|testbed|tests)/[\w./-]+)`")

_OF_THE_READER = {"config/tenants/my-school.yaml"}
"""Files that a page has its reader write."""


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = set(_FILE.findall((ROOT / page).read_text()))
    assert {path for path in named if not (ROOT / path).exists()} - _OF_THE_READER == set()
