"""An event loop whose time is simulated: when nothing is left to do now, it is at once the time of the next timer.

Callbacks run in the order in which they were scheduled, timers in the order of their times and those of one moment in that in which
they were set, and sets of tasks keep one order in every run: the same program always runs the same way.
There is no selector and no thread: what would wait for either is refused.
"""

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn, Protocol, Self, TypeVar, cast

T = TypeVar("T")


class Owner(Protocol):
    """Whose callbacks can be held back: a simulated process. They are those that have it as their context's `OWNER`."""

    @property
    def frozen(self) -> bool:
        """Whether none of them may run now."""
        ...

    def hold(self, put_back: Callable[[], object]) -> None:
        """One of them was to run; `put_back` makes it ready again."""
        ...


OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)


class Stuck(Exception):
    """Nothing is left to do, and no timer to wait for: what the main coroutine waits for can never happen."""


class Clock:
    """Simulated time. Seconds; it moves only while the loop has nothing else to do."""

    def __init__(self, start: float) -> None:
        self._start = start
        self.elapsed = 0.0
        """Since the simulation began."""

    def time(self) -> float:
        """What a monotonic clock shows; the event loop's own time."""
        return self.elapsed

    def unix(self) -> float:
        """What `time.time` would show."""
        return self._start + self.elapsed

    def now(self) -> datetime:
        """The same as a date, in UTC."""
        return datetime.fromtimestamp(self.unix(), UTC)


class Runner:
    """One simulation; a context manager, as `asyncio.Runner` is one. Begins at the Unix time `start`."""

    def __init__(self, *, start: float) -> None:
        self.clock = Clock(start)
        self._loop = _Loop(self.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """What is left is cancelled, in the order in which it was begun."""
        try:
            self._cancel_all()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What it returns or raises; the clock continues from where it was. Raises `Stuck`, and what a callback raised meanwhile."""
        result = self._loop.run_until_complete(coroutine)
        if self._loop.failure is not None:
            raise self._loop.failure
        return result

    def _cancel_all(self) -> None:
        left = sorted(asyncio.all_tasks(self._loop), key=hash)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(_ended(left))


def run(main: Callable[[Clock], Coroutine[Any, Any, T]], *, start: float) -> T:
    """What `main` returns or raises. Raises `Stuck`."""
    with Runner(start=start) as runner:
        return runner.run(main(runner.clock))


async def _ended(tasks: list[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def passed_in_place(seconds: float) -> bool:
    """Lets so many seconds pass at once, if nothing at all would happen in them. Returns whether it has: if not, the caller must wait.

    What runs sees no difference. To wait costs turns of the loop, a future and a timer; and most waits are for a few milliseconds, in
    minutes where little happens.
    """
    return cast("_Loop", asyncio.get_running_loop()).pass_in_place(seconds)


def tasks_of(owner: Owner) -> Sequence[asyncio.Task[Any]]:
    """Its tasks that are not done, in the order in which they were born."""
    return sorted((task for task in asyncio.all_tasks() if isinstance(task, _Task) and task.owner is owner), key=hash)


class _Task(asyncio.Task[Any]):
    """A task whose hash is its number, not its address: sets of tasks, asyncio's own among them, keep the same order in every run."""

    number = 0
    owner: Owner | None = None

    def __hash__(self) -> int:
        return self.number


class _Loop(asyncio.BaseEventLoop):
    """asyncio's own machinery, but for its rounds, which wait for no selector."""

    _ready: deque[asyncio.Handle]

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        """A heap, by time and by the order in which they were set."""
        self._set = 0
        self._born = 0
        self.failure: BaseException | None = None
        """The first that a callback raised; asyncio would only log it."""
        self.time = clock.time
        self.set_task_factory(self._task)
        self.set_exception_handler(self._unhandled)

    def pass_in_place(self, seconds: float) -> bool:
        until = self._clock.elapsed + seconds
        if self._ready or seconds <= 0 or self._next_at() <= until:
            return False
        self._clock.elapsed = until
        return True

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401  whatever they are
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401  whatever they are
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._set += 1
        heapq.heappush(self._timers, (when, self._set, timer))
        return timer

    def _run_once(self) -> None:
        """One round: the callbacks that are ready at its beginning. Where none is, it is the next timer's time now."""
        ready, timers, clock = self._ready, self._timers, self._clock
        if not ready:
            if (next_at := self._next_at()) == math.inf:
                raise Stuck("Nothing is left to do and no timer is set, but the simulation is not over.")
            clock.elapsed = max(clock.elapsed, next_at)
        while timers and timers[0][0] <= clock.elapsed:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle.cancelled():
                continue
            owner = handle._context.get(OWNER)  # noqa: SLF001  `get_context` is there from Python 3.12 on
            if owner is not None and owner.frozen:
                owner.hold(partial(ready.append, handle))
            else:
                handle._run()  # noqa: SLF001  as asyncio's own loop does

    def _next_at(self) -> float:
        """When the next timer goes off that is not cancelled; `inf` where there is none."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else math.inf

    def _write_to_self(self) -> None:
        """Nothing waits that would have to be woken: `call_soon_threadsafe` is `call_soon` here."""

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context:
            self.failure = self.failure or context["exception"]
        else:
            loop.default_exception_handler(context)

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> _Task:  # noqa: ANN401  a task factory's types
        task = _Task.__new__(_Task)
        self._born += 1
        task.number = self._born  # before its construction, which puts it into a set
        context: Context | None = named.get("context")
        task.owner = OWNER.get() if context is None else context.get(OWNER)
        task.__init__(coroutine, loop=loop, **named)
        return task

    def run_in_executor(self, executor: object, func: object, *args: object) -> NoReturn:
        del executor, func, args
        raise RuntimeError("No thread may run in a simulation.")
