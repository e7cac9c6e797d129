"""How late the event loop gives a task its turn."""

from contextlib import suppress

from prometheus_client import CollectorRegistry

from consumer.observe.event_loop import EventLoopLag
from consumer.observe.metrics import Metrics


class Enough(Exception):
    """The test has seen what it needs."""


class Late:
    """A loop whose turns come so many seconds after they were asked for, one after the other."""

    def __init__(self, *late: float) -> None:
        self._late = list(late)
        self.now = 50.0

    async def pause(self, seconds: float) -> None:
        if not self._late:
            raise Enough
        self.now += seconds + self._late.pop(0)


async def test_each_turn_is_counted_with_how_late_it_came() -> None:
    metrics, loop = Metrics(CollectorRegistry()), Late(0.0, 2.0, 0.25)
    with suppress(Enough):
        await EventLoopLag(metrics.process.event_loop_lag, clock=lambda: loop.now, pause=loop.pause).run()
    value = metrics.registry.get_sample_value
    assert value("provisioner_event_loop_lag_seconds_count") == 3
    assert value("provisioner_event_loop_lag_seconds_sum") == 2.25
    assert value("provisioner_event_loop_lag_seconds_bucket", {"le": "0.25"}) == 2
