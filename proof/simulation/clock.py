"""An event loop whose time is simulated: when nothing is left to do now, it is at once the time of the next timer.

Callbacks run in the order in which they were scheduled, timers in the order of their times (those of one moment in an order of their
own, but always the same), and sets of tasks keep one order in every run: the same program always runs the same way.
There is no selector and no thread: what would wait for either is refused.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol, Self, TypeVar

T = TypeVar("T")


class Owner(Protocol):
    """Whose callbacks can be held back: a simulated process. They are those that have it as their context's `OWNER`."""

    def admits(self, callback: Callable[[], None]) -> bool:
        """Whether it may run now. If not, it is the owner's to run later."""
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
        """What it returns or raises; the clock goes on where it was. Raises `Stuck`, and what a callback raised meanwhile."""
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


def tasks_of(owner: Owner) -> Sequence[asyncio.Task[Any]]:
    """Its tasks that are not done, in the order in which they were born."""
    return sorted((task for task in asyncio.all_tasks() if isinstance(task, _Task) and task.owner is owner), key=hash)


class _Task(asyncio.Task[Any]):
    """A task whose hash is its number, not its address: sets of tasks, asyncio's own among them, keep the same order in every run."""

    number = 0
    owner: Owner | None = None

    def __hash__(self) -> int:
        return self.number


class _Handle(asyncio.Handle):
    def _run(self) -> None:
        owner = self._context.get(OWNER)
        if owner is None or (not self._cancelled and owner.admits(self._run)):
            super()._run()


class _Timer(asyncio.TimerHandle):
    def _run(self) -> None:
        owner = self._context.get(OWNER)
        if owner is None or (not self._cancelled and owner.admits(self._run)):
            super()._run()


class _Loop(asyncio.BaseEventLoop):
    """asyncio's own machinery over a selector that never waits."""

    _ready: deque[asyncio.Handle]

    _scheduled: list[asyncio.TimerHandle]
    _clock_resolution: float

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._selector = self
        self._clock_resolution = 1e-6  # the real clock's would drown in the rounding of a time of months
        self._born = 0
        self.failure: BaseException | None = None
        """The first that a callback raised; asyncio would only log it."""
        self.time = clock.time
        self.set_task_factory(self._task)
        self.set_exception_handler(self._unhandled)

    def select(self, timeout: float | None) -> tuple[()]:
        """Asked by the loop for what happened within `timeout` seconds; None: there is no timer."""
        if timeout is None:
            raise Stuck("Nothing is left to do and no timer is set, but the simulation is not over.")
        if timeout > 0:
            # Not `+ timeout`: rounded sums would miss the timer's time by a hair, and look for it again.
            self._clock.elapsed = self._scheduled[0].when()
        return ()

    def _call_soon(self, callback: Callable[..., object], args: Any, context: Context | None) -> _Handle:  # noqa: ANN401  whatever they are
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401  whatever they are
        context: Context | None = None,
    ) -> _Timer:
        """See `AbstractEventLoop.call_at`."""
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # noqa: SLF001  asyncio's own mark, by which it counts cancelled timers
        return timer

    def _process_events(self, event_list: tuple[()]) -> None:
        """There never are any."""

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
