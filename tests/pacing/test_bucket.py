"""Callers in line for a limit's tokens, on a simulated clock."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from consumer.errors import Fenced, Reason, RetryLater
from consumer.pacing.bucket import Bucket
from consumer.pacing.limit import Limit, Portion, Want
from consumer.policy.work_class import WorkClass
from proof.simulation.clock import Clock, run
from tests.pacing.quotas import ScriptedQuotas, at_once, wanted

LIMIT = Limit("google/queries/admin@school.example", "queries", 60, 60)


async def nothing() -> None:
    """What callers do when they must wait."""


def on(quotas: ScriptedQuotas, story: Callable[[Bucket, Clock], Coroutine[Any, Any, None]]) -> None:
    async def main(clock: Clock) -> None:
        failures: list[Exception] = []
        await story(Bucket(LIMIT, quotas, failed=failures.append), clock)
        assert failures == []

    run(main, start=0)


async def take(
    bucket: Bucket, tokens: int = 1, *, work_class: WorkClass = WorkClass.NORMAL, patience: float = 10
) -> float:
    """When it was served."""
    await bucket.take(tokens, work_class=work_class, patience=patience, on_wait=nothing)
    return asyncio.get_running_loop().time()


def test_the_first_caller_asks_the_ledger_and_the_next_use_what_is_left() -> None:
    quotas = ScriptedQuotas(at_once(3))

    async def story(bucket: Bucket, clock: Clock) -> None:
        for _ in range(3):
            assert await take(bucket) == clock.time() == 0

    on(quotas, story)
    assert wanted(quotas) == [1]


def test_callers_are_served_in_line_each_at_its_tokens_time() -> None:
    quotas = ScriptedQuotas(Portion(3, 0.5, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        assert await asyncio.gather(*(take(bucket) for _ in range(3))) == [0.5, 1.5, 2.5]

    on(quotas, story)
    assert wanted(quotas) == [3]


def test_urgent_callers_are_first_in_line_and_every_fourth_turn_is_anothers() -> None:
    quotas = ScriptedQuotas(Portion(1, 0.5, 1.0, 0.0), Portion(8, 1.5, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        others = [asyncio.create_task(take(bucket)) for _ in range(4)]
        await asyncio.sleep(0)
        urgent = [asyncio.create_task(take(bucket, work_class=WorkClass.URGENT)) for _ in range(5)]
        assert await asyncio.gather(*urgent) == [0.5, 1.5, 2.5, 4.5, 5.5]
        assert await asyncio.gather(*others) == [3.5, 6.5, 7.5, 8.5]
        assert clock.time() == 8.5

    on(quotas, story)


def test_an_urgent_caller_is_not_turned_away_because_others_must_wait_for_long() -> None:
    quotas = ScriptedQuotas(Portion(0, 0.0, 1.0, 5.0), Portion(20, 0.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        others = [asyncio.create_task(take(bucket, patience=60)) for _ in range(20)]
        await asyncio.sleep(1)
        with pytest.raises(RetryLater):
            await take(bucket)
        assert await take(bucket, work_class=WorkClass.URGENT) == clock.time() == 5
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    on(quotas, story)


def test_who_comes_later_is_asked_for_without_waiting_for_those_before() -> None:
    quotas = ScriptedQuotas(Portion(1, 5.0, 1.0, 0.0), Portion(1, 6.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        first = asyncio.create_task(take(bucket))
        await asyncio.sleep(1)
        second = asyncio.create_task(take(bucket))
        assert (await first, await second) == (5.0, 7.0)

    on(quotas, story)


def test_where_there_is_nothing_the_ledger_is_asked_again_when_it_said() -> None:
    quotas = ScriptedQuotas(Portion(0, 0.0, 1.0, 2.0), at_once(1))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        assert await take(bucket) == 2.0

    on(quotas, story)


def test_a_caller_that_would_wait_for_too_long_is_refused_at_once_with_the_time() -> None:
    quotas = ScriptedQuotas(Portion(1, 0.0, 1.0, 60.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        await asyncio.gather(take(bucket), take(bucket), return_exceptions=True)
        before = clock.time()
        with pytest.raises(RetryLater) as refused:
            await take(bucket)
        assert clock.time() == before
        assert refused.value.reason is Reason.THROTTLED
        assert 45 < (refused.value.after or 0) < 65

    on(quotas, story)


def test_those_who_are_turned_away_come_back_one_after_the_other() -> None:
    quotas = ScriptedQuotas(Portion(0, 0.0, 36.0, 100.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        await asyncio.gather(take(bucket), return_exceptions=True)
        waits: list[float] = []
        for _ in range(3):
            with pytest.raises(RetryLater) as refused:
                await take(bucket)
            waits.append(refused.value.after or 0)
        assert [round(later - earlier) for earlier, later in pairwise(waits)] == [36, 36]

    on(quotas, story)


def test_who_is_turned_away_for_long_comes_back_within_an_hour() -> None:
    quotas = ScriptedQuotas(Portion(0, 0.0, 3600.0, 9000.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        await asyncio.gather(take(bucket), return_exceptions=True)
        with pytest.raises(RetryLater) as refused:
            await take(bucket)
        assert refused.value.after == 3600

    on(quotas, story)


def test_a_process_that_ends_hands_back_those_in_line_at_once() -> None:
    quotas = ScriptedQuotas(Portion(1, 9.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        waiting = asyncio.create_task(take(bucket))
        await asyncio.sleep(1)
        bucket.stop()
        with pytest.raises(RetryLater):
            await waiting
        assert clock.time() == 1

    on(quotas, story)


def test_a_caller_that_fails_while_it_waits_leaves_the_line_and_its_token() -> None:
    quotas = ScriptedQuotas(Portion(1, 0.3, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        async def on_wait() -> None:
            await asyncio.sleep(0.5)
            raise Fenced

        with pytest.raises(Fenced):
            await bucket.take(1, work_class=WorkClass.NORMAL, patience=10, on_wait=on_wait)
        assert await take(bucket) == clock.time() < 1

    on(quotas, story)


def test_a_caller_whose_patience_ends_leaves_the_line() -> None:
    quotas = ScriptedQuotas(Portion(2, 5.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        hasty, patient = asyncio.create_task(take(bucket, patience=3)), asyncio.create_task(take(bucket))
        with pytest.raises(RetryLater):
            await hasty
        assert clock.time() == 3
        assert await patient == 5

    on(quotas, story)


def test_a_caller_that_is_cancelled_takes_no_token_with_it() -> None:
    quotas = ScriptedQuotas(at_once(1))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        gone = asyncio.create_task(take(bucket))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait({gone})
        assert await take(bucket) == 0

    on(quotas, story)


def test_a_caller_that_must_wait_for_long_is_notified_once() -> None:
    quotas, notified = ScriptedQuotas(Portion(1, 5.0, 1.0, 0.0)), list[float]()

    async def story(bucket: Bucket, clock: Clock) -> None:
        async def on_wait() -> None:
            notified.append(clock.time())

        await bucket.take(1, work_class=WorkClass.NORMAL, patience=10, on_wait=on_wait)
        assert clock.time() == 5

    on(quotas, story)
    assert len(notified) == 1
    assert notified[0] < 1


def test_calls_that_no_one_took_tokens_for_are_paid_by_the_next() -> None:
    quotas = ScriptedQuotas(Portion(3, 0.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        bucket.spend(2)
        assert await take(bucket) == 2.0

    on(quotas, story)
    assert wanted(quotas) == [3]


def test_what_was_not_spent_serves_the_next() -> None:
    quotas = ScriptedQuotas(at_once(1))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        await take(bucket)
        waiting = asyncio.create_task(take(bucket))
        await asyncio.sleep(1)
        bucket.give_back(1)
        assert await waiting == 1

    on(quotas, story)


def test_after_a_refusal_new_tokens_are_asked_for() -> None:
    quotas = ScriptedQuotas(at_once(10), Portion(1, 4.0, 1.0, 0.0))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        await take(bucket)
        bucket.refused()
        assert await take(bucket) == 4.0

    on(quotas, story)


def test_while_the_ledger_does_not_answer_callers_wait_and_are_served_afterwards() -> None:
    quotas = ScriptedQuotas(None, None, at_once(1))

    async def story(bucket: Bucket, clock: Clock) -> None:
        del clock
        assert 1 <= await take(bucket) <= 3

    on(quotas, story)


def test_a_fault_of_the_ledger_that_does_not_pass_is_reported_and_ends_no_line() -> None:
    class Broken(ScriptedQuotas):
        async def take(self, want: Want) -> Portion:
            await super().take(want)
            if len(self.wanted) == 1:
                raise ValueError
            return at_once(1)

    async def main(clock: Clock) -> None:
        del clock
        failures: list[Exception] = []
        bucket = Bucket(LIMIT, Broken(), failed=failures.append)
        assert await take(bucket) == 1.0
        assert [type(failure) for failure in failures] == [ValueError]

    run(main, start=0)
