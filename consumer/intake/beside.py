"""The transaction of a batch, and what is done while PostgreSQL works on it: the next batch is decoded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

T = TypeVar("T")


class Beside(Protocol):
    """Runs both, and returns what `work` returns or raises what it raises, once both are over. `meanwhile` must not raise."""

    def __call__(self, work: Callable[[], T], meanwhile: Callable[[], None]) -> T: ...


def in_turn(work: Callable[[], T], meanwhile: Callable[[], None]) -> T:
    """`meanwhile` comes after `work`, unless that raises: for simulated time."""
    done = work()
    meanwhile()
    return done


class OwnThread:
    """`work` has a thread of its own, `meanwhile` the caller's. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="intake-ledger")

    def __call__(self, work: Callable[[], T], meanwhile: Callable[[], None]) -> T:
        working = self._threads.submit(work)
        try:
            meanwhile()
        finally:
            wait([working])
        return working.result()
