import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.parts.shared import SharedParts


@pytest.fixture
def run() -> Iterator[SharedParts]:
    """The parts as the run's own process sees them."""
    run = SharedParts.for_a_new_run()
    yield run
    run.end()


def test_a_part_is_started_by_its_first_user_only(run: SharedParts) -> None:
    starts: list[Path] = []

    def start(folder: Path, _tether: int) -> tuple[str, object]:
        starts.append(folder)
        return "127.0.0.1:9092", None

    first, second = SharedParts(run.folder), SharedParts(run.folder)
    assert first.address("kafka", start) == second.address("kafka", start) == "127.0.0.1:9092"
    assert starts == [run.folder / "kafka"]


def test_a_part_that_failed_is_not_tried_again_by_others(run: SharedParts) -> None:
    def fail(_folder: Path, _tether: int) -> tuple[str, object]:
        raise OSError("no memory left")

    def succeed(_folder: Path, _tether: int) -> tuple[str, object]:
        return "127.0.0.1:9092", None

    with pytest.raises(OSError, match="no memory left"):
        SharedParts(run.folder).address("kafka", fail)
    with pytest.raises(RuntimeError, match="kafka failed: no memory left"):
        SharedParts(run.folder).address("kafka", succeed)


def test_the_tether_is_cut_when_the_run_ends(run: SharedParts) -> None:
    kept: list[int] = []

    def start(_folder: Path, tether: int) -> tuple[str, object]:
        kept.append(os.dup(tether))
        return "127.0.0.1:9092", None

    SharedParts(run.folder).address("kafka", start)
    run.end()
    assert os.read(kept[0], 1) == b""
    os.close(kept[0])
    assert not run.folder.exists()
