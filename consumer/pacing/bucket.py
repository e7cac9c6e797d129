"""One limit in one process: callers wait in line for its tokens, of which the ledger gives portions."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from math import ceil

from consumer.errors import Reason, RetryLater
from consumer.pacing.held import Held
from consumer.pacing.limit import AHEAD, Limit, Want
from consumer.pacing.line import Caller, Line
from consumer.pacing.port import Quotas
from consumer.policy.work_class import WorkClass

_IN_ADVANCE = 0.5
"""Seconds' worth of tokens that are taken in advance where no caller lacks them."""
_SOON = 0.1
"""Seconds: far more than the ledger needs for an answer."""
_ASK_AGAIN = 1.0
"""Seconds, where the ledger did not answer."""
_LONGEST = 3_600.0
"""Seconds after which one who was turned away asks again: the limit may have been raised."""

OnWait = Callable[[], Awaitable[None]]


class Bucket:
    """For one event loop. `failed` receives what the ledger raises that does not pass by itself."""

    def __init__(self, limit: Limit, quotas: Quotas, *, failed: Callable[[Exception], None]) -> None:
        self.limit = limit
        self._quotas = quotas
        self._failed = failed
        self._held = Held(limit.late)
        self._line = Line()
        self._owed = 0
        self._every = limit.interval
        self._more_at = float("-inf")
        self._turned_away_until: defaultdict[WorkClass, float] = defaultdict(lambda: float("-inf"))
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    async def take(self, tokens: int, *, work_class: WorkClass, patience: float, on_wait: OnWait) -> None:
        """Returns when the tokens may be used; calls `on_wait` where that is not soon. Urgent work is first in line: see `Line`.

        Raises `RetryLater` where it takes, or would take, more than `patience` seconds.
        """
        now = asyncio.get_running_loop().time()
        if not self._line and not self._owed and self._served(tokens, now):
            return
        caller = Caller(tokens, work_class)
        if (wait := self._expected(caller, now)) > patience:
            raise self._turn_away(caller, wait, now)
        self._line.join(caller)
        self._run()
        try:
            await asyncio.wait({caller.served}, timeout=min(_SOON, patience))
            if not caller.served.done():
                await on_wait()
                await asyncio.wait({caller.served}, timeout=patience - _SOON)
        except BaseException:
            if caller.served.done() and not caller.served.cancelled():
                self.give_back(tokens)
            raise
        finally:
            if self._line.leave(caller):
                caller.served.cancel()
        if caller.served.cancelled():
            now = asyncio.get_running_loop().time()
            raise self._turn_away(caller, self._expected(caller, now), now)

    def spend(self, tokens: int) -> None:
        """A call that no one took tokens for is made all the same: the next caller waits for longer."""
        self._owed = min(self._owed + self._held.take(tokens), ceil(self.limit.burst))

    def give_back(self, tokens: int) -> None:
        """Taken, and not used."""
        self._held.give_back(tokens, asyncio.get_running_loop().time())
        self._changed.set()

    def stop(self) -> None:
        """Turns all away who are in line: the process ends."""
        self._line.turn_away()
        self._changed.set()

    def refused(self) -> None:
        """The vendor's own bucket is empty: what is held is worth nothing."""
        self._held.clear()
        self._changed.set()

    def _served(self, tokens: int, now: float) -> bool:
        self._held.drop_old(now)
        if self._held.ready_at(tokens) > now:
            return False
        self._held.take(tokens)
        return True

    def _lacking(self) -> int:
        return self._owed + self._line.tokens - len(self._held)

    def _expected(self, caller: Caller, now: float) -> float:
        """Seconds that a new caller would wait, as far as this process knows."""
        if self._more_at <= now:
            return 0.0
        before = self._owed + self._line.before(caller.work_class) - len(self._held)
        return self._more_at - now + AHEAD / 2 + max(0, before + caller.tokens) * self._every

    def _turn_away(self, caller: Caller, wait: float, now: float) -> RetryLater:
        """Callers of one class that are turned away come back one after the other, as far apart as tokens are."""
        until = max(self._turned_away_until[caller.work_class], now + wait) + caller.tokens * self._every
        self._turned_away_until[caller.work_class] = until
        return RetryLater(
            "The vendor's limit is used up for now; the call was not begun.",
            reason=Reason.THROTTLED,
            after=min(_LONGEST, until - now),
        )

    def _run(self) -> None:
        self._changed.set()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._serve(), name=f"limit {self.limit.name}")

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while self._line:
            self._changed.clear()
            now = loop.time()
            while self._line and self._served(self._line.first().tokens, now):
                self._line.serve()
            if not self._line:
                return
            at = self._held.ready_at(self._line.first().tokens)
            if self._lacking() > 0:
                if self._more_at <= now:
                    await self._ask()
                    continue
                at = min(at, self._more_at)
            try:
                async with asyncio.timeout_at(at):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        want = Want(self.limit, self._lacking(), int(_IN_ADVANCE / self.limit.interval))
        try:
            portion = await self._quotas.take(want)
        except Exception as error:  # noqa: BLE001  callers have their patience, and the next one asks again
            if not isinstance(error, RetryLater):
                self._failed(error)
            self._more_at = loop.time() + _ASK_AGAIN
            return
        now = loop.time()
        self._held.add(portion, now)
        self._owed = self._held.take(self._owed)
        self._every = portion.every
        self._more_at = now + portion.more_in if portion.more_in else float("-inf")
