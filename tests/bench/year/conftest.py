"""A tiny year: twenty schools, one of which has most of the students."""

import pytest

from bench.year.assumptions import Year
from bench.year.capacity import Capacity


@pytest.fixture
def year() -> Year:
    return Year(tenants=20, students=60_000)


@pytest.fixture
def capacity() -> Capacity:
    return Capacity()
