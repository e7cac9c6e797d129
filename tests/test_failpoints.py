"""Failpoints: what `PROVISIONER_FAILPOINTS` says, and what then happens at a point."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from consumer.errors import Stop, Unavailable
from consumer.failpoints import UNARMED, VARIABLE, Failpoints, Point, arm

LOST = Unavailable("The answer got lost.")


def armed(text: str) -> Failpoints:
    return arm({VARIABLE: text})


def lost_at(failpoints: Failpoints, point: Point, *, times: int) -> list[bool]:
    """For each time that the point is reached, whether the answer is lost there."""
    lost: list[bool] = []
    for _ in range(times):
        try:
            failpoints.reach(point, lost=LOST)
        except Unavailable:
            lost.append(True)
        else:
            lost.append(False)
    return lost


def test_nothing_is_armed_where_nothing_is_said() -> None:
    assert arm({}) is UNARMED
    assert armed(" ") is UNARMED


async def test_unarmed_nothing_happens_at_any_point() -> None:
    for point in Point:
        UNARMED.reach(point, lost=LOST)
        await UNARMED.reach_async(point, lost=LOST)


def test_an_answer_is_lost_the_first_time_only() -> None:
    assert lost_at(armed("batch.accepted=lose-response"), Point.BATCH_ACCEPTED, times=3) == [True, False, False]


def test_an_answer_is_lost_the_time_that_is_named() -> None:
    assert lost_at(armed("batch.accepted=lose-response@3"), Point.BATCH_ACCEPTED, times=4) == [
        False,
        False,
        True,
        False,
    ]


def test_an_answer_is_lost_every_time_where_a_star_says_so() -> None:
    assert lost_at(armed("batch.accepted=lose-response@*"), Point.BATCH_ACCEPTED, times=3) == [True, True, True]


def test_other_points_are_left_alone() -> None:
    assert lost_at(armed("batch.accepted=lose-response@*"), Point.RELAY_MARKED, times=2) == [False, False]


def test_several_points_can_be_armed_and_one_of_them_twice() -> None:
    failpoints = armed("batch.accepted=lose-response@1; batch.accepted=lose-response@3; relay.marked=lose-response")
    assert lost_at(failpoints, Point.BATCH_ACCEPTED, times=3) == [True, False, True]
    assert lost_at(failpoints, Point.RELAY_MARKED, times=1) == [True]


async def test_the_event_loop_loses_the_same_answers() -> None:
    with pytest.raises(Unavailable):
        await armed("create.answer=lose-response").reach_async(Point.CREATE_ANSWER, lost=LOST)


async def test_a_delay_lets_the_event_loop_turn() -> None:
    waiting = asyncio.create_task(armed("create.answer=delay:3600").reach_async(Point.CREATE_ANSWER, lost=LOST))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_block_stops_the_event_loop() -> None:
    began, others = time.monotonic(), asyncio.create_task(asyncio.sleep(0))
    await armed("create.answer=block:0.05").reach_async(Point.CREATE_ANSWER, lost=LOST)
    assert time.monotonic() - began >= 0.05
    assert not others.done()


@pytest.mark.parametrize("action", ["delay", "block"])
def test_a_thread_waits_for_as_long_as_the_rule_says(action: str) -> None:
    began = time.monotonic()
    armed(f"relay.produced={action}:0.05").reach(Point.RELAY_PRODUCED, lost=LOST)
    assert time.monotonic() - began >= 0.05


def test_a_crash_ends_the_process_at_once_with_137_and_flushes_nothing(tmp_path: Path) -> None:
    program = (
        "import atexit; from consumer.failpoints import Point, arm; atexit.register(print, 'at exit');"
        "file = open('file', 'w'); file.write('unflushed');"
        f"arm({{'{VARIABLE}': 'create.answer=crash'}}).reach(Point.CREATE_ANSWER, lost=Exception())"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)  # noqa: S603  our own
    assert ended.returncode == 137
    assert b"at exit" not in ended.stdout
    assert (tmp_path / "file").read_text() == ""


def test_a_name_that_is_none_stops_the_process_and_shows_all_that_are() -> None:
    with pytest.raises(Stop) as stopped:
        armed("create.answered=crash")
    assert "`create.answered`" in str(stopped.value)
    assert all(point in str(stopped.value) for point in Point)


@pytest.mark.parametrize(
    "rule", ["", "=", "=burn", "=crash:3", "=delay", "=block:soon", "=crash@0", "=crash@-1", "=lose-response@twice"]
)
def test_what_cannot_be_understood_stops_the_process(rule: str) -> None:
    with pytest.raises(Stop, match=f"says `create.answer{rule}`"):
        armed(f"create.answer{rule}")


def test_the_log_warns_that_failpoints_are_armed() -> None:
    with capture_logs() as logs:
        armed("relay.marked=crash; create.answer=crash")
    (line,) = logs
    assert (line["log_level"], line["points"]) == ("warning", ["create.answer", "relay.marked"])
