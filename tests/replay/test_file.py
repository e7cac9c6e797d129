from pathlib import Path

import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.reader import MAX_BYTES
from consumer.events import StudentStatusChanged
from consumer.replay.file import EventFile
from consumer.replay.source import Rejected, Replayed
from tests.replay.events import file_of, line


def records(path: Path) -> list[Replayed]:
    return [step.record for step in EventFile(path, "north-high")]


def test_events_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    found = records(file_of(tmp_path, line("S1"), "", line("S2")))
    assert [one.student.student_id for one in found if isinstance(one, StudentStatusChanged)] == ["S1", "S2"]


def test_another_tenants_event_is_there_and_says_nothing(tmp_path: Path) -> None:
    assert records(file_of(tmp_path, line("S1", tenant="south-high"))) == [None]


def test_a_line_that_cannot_be_read_is_named_and_spoils_no_other(tmp_path: Path) -> None:
    first, second, third = records(file_of(tmp_path, "{", line("S1"), "x" * 3 * MAX_BYTES))
    assert (isinstance(first, Rejected), isinstance(third, Rejected)) == (True, True)
    assert isinstance(second, StudentStatusChanged)
    assert first == Rejected("line 1", DeadLetterReason.UNDECODABLE, "The line is not JSON.")


def test_what_comes_after_an_endless_line_has_its_own_number(tmp_path: Path) -> None:
    _, last = records(file_of(tmp_path, "x" * 3 * MAX_BYTES, "{"))
    assert isinstance(last, Rejected)
    assert last.place == "line 2"


def test_progress_ends_with_the_files_size(tmp_path: Path) -> None:
    source = EventFile(file_of(tmp_path, line("S1"), line("S2")), "north-high")
    *_, last = source
    assert last.done == source.total


def test_a_file_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EventFile(tmp_path / "none", "north-high")
