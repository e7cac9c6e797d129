"""What lives as long as the process is not looked through again."""

import gc
from collections.abc import Iterator

import pytest

from consumer import collector


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_is_there_is_never_looked_through_again() -> None:
    lasting: list[object] = []
    collector.settle()
    assert gc.get_freeze_count() > 0
    assert not any(one is lasting for one in gc.get_objects())


def test_what_is_made_later_is_collected_as_ever() -> None:
    collector.settle()
    made: list[object] = []
    made.append(made)
    del made
    assert gc.collect() > 0
