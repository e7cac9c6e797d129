"""Time that several requests share."""

import asyncio

from consumer.http.deadline import Deadline
from proof.simulation.clock import Clock, run


def test_what_one_request_has_used_is_gone_for_the_next() -> None:
    async def scenario(_: Clock) -> float:
        deadline = Deadline(5)
        await asyncio.sleep(2)
        return deadline.left()

    assert run(scenario, start=0) == 3


def test_a_deadline_that_is_over_leaves_nothing_and_no_less() -> None:
    async def scenario(_: Clock) -> float:
        deadline = Deadline(5)
        await asyncio.sleep(6)
        return deadline.left()

    assert run(scenario, start=0) == 0
