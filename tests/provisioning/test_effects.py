"""The step protocol's own rules."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from prometheus_client import CollectorRegistry

from consumer.errors import RetryLater
from consumer.events import Provider, ProviderAction, StepName
from consumer.failpoints import CREATE, Point
from consumer.ledger.port.student import Desired, Job, Lease
from consumer.ledger.port.work import Work
from consumer.ledger.port.writes import Write
from consumer.observe.metrics import Metrics
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.commits import Commits
from consumer.provisioning.containment import Experience, Limits
from consumer.provisioning.effects import Effects
from proof.simulation import clock
from tests.ledger.conftest import event

AT = datetime(2026, 9, 1, tzinfo=UTC)
JOB = Job(
    Lease("north", "S1", 1), Desired(event(), ProviderAction.CREATE_ACCOUNT, (Provider.GOOGLE,), AT), now=AT, attempt=1
)


class _Agreeable:
    """A ledger that commits whatever it is given."""

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        """Writes nothing."""


class _StandsStill:
    """Failpoints of a process that stands still for some seconds behind the intent of a creation."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def reach(self, point: Point, *, lost: Exception) -> None:
        """Nothing here blocks."""

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        del lost
        if point is CREATE.intent:
            await asyncio.sleep(self._seconds)


def time_left_for_a_call(*, behind_intent: float) -> float | None:
    """None where the call is not made."""
    given = list[float]()

    async def call(timeout: float) -> None:
        given.append(timeout)

    async def main(_: clock.Clock) -> None:
        effects = Effects(
            Commits(
                cast("Work", _Agreeable()),
                JOB,
                now=lambda: JOB.now,
                patience=60,
                failpoints=_StandsStill(behind_intent),
            ),
            limits=Limits(call=30, lease=60, tenant_held=300, throttled=30),
            metrics=Metrics(CollectorRegistry()),
            experience=Experience(Breakers(wait=30)),
        )
        with suppress(RetryLater):
            await effects.step(
                Provider.GOOGLE,
                StepName.CREATE,
                CREATE,
                service="google",
                request_hash=b"",
                call=call,
                then=lambda _: [],
            )

    clock.run(main, start=0)
    (left,) = given or (None,)
    return left


def test_a_call_has_its_whole_time_from_its_intent_on() -> None:
    assert time_left_for_a_call(behind_intent=0) == 30


def test_a_process_that_stood_still_behind_its_intent_has_that_much_less_time() -> None:
    assert time_left_for_a_call(behind_intent=4) == 26


def test_a_process_that_stood_still_for_longer_does_not_begin_the_call() -> None:
    assert time_left_for_a_call(behind_intent=20) is None
