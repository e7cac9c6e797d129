"""Which institutions have work that an event which asks for nothing may cancel."""

from collections.abc import Callable, Iterable

from consumer.ledger.port.inbox import Inbox

_MAX_AGE = 1.0
"""Seconds. An event that is skipped by a set so old might as well have been read so much earlier."""


class OpenWork:
    """A set of tenants, read from the ledger at most once a second.

    The intake adds the tenants of what it accepts at once (`BatchReader.batch`): events of one partition keep their order.
    """

    def __init__(self, inbox: Inbox, clock: Callable[[], float]) -> None:
        self._inbox = inbox
        self._known: frozenset[str] = frozenset()
        self._clock = clock
        self._read_at: float | None = None
        self._open = set[str]()

    def forget(self) -> None:
        """Partitions were taken over: what their last owner accepted counts from now on."""
        self._read_at = None

    def tenants(self, known: frozenset[str], waiting: Iterable[str]) -> set[str]:
        """The set, of the tenants by whose table the batch is decided: one that came back may have work from before it left.

        `waiting` are tenants of events that are not in the ledger yet. Raises `Unavailable`.
        """
        now = self._clock()
        if self._read_at is None or now - self._read_at >= _MAX_AGE or known is not self._known:
            self._open = {*self._inbox.tenants_with_open_work(known), *waiting}
            self._read_at, self._known = now, known
        return self._open
