"""The three loops of a process: started together, and ended so that work in progress is finished and published."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from consumer.intake.loop import Intake
from consumer.outbound.relay import Relay
from consumer.provisioning.pool import Pool


@dataclass(frozen=True, slots=True)
class Loops:
    """`run` ends when one of them does, or when `stopping` is set."""

    intake: Intake
    pool: Pool
    relay: Relay

    async def run(
        self,
        *,
        stopping: asyncio.Event,
        in_thread: Callable[[Callable[[], None]], Awaitable[None]],
        wake: Callable[[], None],
        drain: float,
    ) -> None:
        """`in_thread` runs what blocks, `wake` ends the relay's wait for outcomes. `drain`: seconds for the students in work.

        Raises what a loop raises, once all have ended.
        """
        taking_in = asyncio.ensure_future(in_thread(self.intake.run))
        publishing = asyncio.ensure_future(in_thread(self.relay.run))
        working = asyncio.ensure_future(self.pool.run(drain=drain))
        stopped = asyncio.ensure_future(stopping.wait())
        await asyncio.wait([stopped, taking_in, publishing, working], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        stopping.set()
        self.intake.stop()
        self.pool.stop()
        results = await asyncio.gather(taking_in, working, return_exceptions=True)
        self.relay.stop()  # last, so that what the students' last steps had to say is still published
        wake()
        results += await asyncio.gather(publishing, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
