"""Time that several requests share."""

import asyncio

from consumer.http.deadline import Deadline


async def test_what_one_request_has_used_is_gone_for_the_next() -> None:
    deadline = Deadline(5)
    before = deadline.left()
    await asyncio.sleep(0.001)
    assert deadline.left() < before <= 5


async def test_a_deadline_that_is_over_leaves_nothing_and_no_less() -> None:
    assert Deadline(-1).left() == 0
