"""Brings a ledger that is behind its topics up to them: after a restore, or a fail-over to a standby that lagged.

    topics have batch 9, ledger made 7 ─▶ its newest published batch is on the topics? ─▶ take in what was published since ─▶ continue at 10
                                                             └── no, though they keep everything ─▶ another ledger's topics: Stop

What the ledger has forgotten it will do again, as intake reads the same events again: the outcomes have the same ids, and those that are
taken in here are not published again. Interrupted, it begins anew: nothing that it writes counts as more than it is.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from consumer.errors import Stop
from consumer.ledger.port.outbox import Landmark, Outbox
from consumer.observe.metrics import Metrics
from consumer.outbound.port import Published

log = structlog.get_logger()

_MARGIN = timedelta(hours=1)
"""By how much the clocks of the database and of what published may differ. Reading more than is needed does no harm."""
_REPORT_EVERY = 100
"""Pages."""


class Recall:
    """`alive` is called between pages; False ends it, as this may take minutes."""

    def __init__(
        self, *, name: str, outbox: Outbox, published: Published, metrics: Metrics, alive: Callable[[], bool]
    ) -> None:
        self._name = name
        self._outbox = outbox
        self._published = published
        self._metrics = metrics
        self._alive = alive

    def run(self, epoch: int, *, reached: int, newest: int) -> bool:
        """False where it was stopped; then nothing may be numbered yet. Raises `Stop`, `Unavailable`, `Fenced`."""
        landmark = self._outbox.landmark(self._name, epoch)
        since = landmark.at - _MARGIN if landmark else None
        self._metrics.relay_recalls.inc()
        log.warning("ledger_behind_topics", progress=reached, newest=newest, since=since and since.isoformat())
        complete = self._published.kept_since(since)
        there = self._there(landmark) if landmark is not None and complete else True
        if there is None:
            return False
        if not there:
            raise Stop(
                f"The topics have batch {reached} of the relay `{self._name}`, the ledger has made {newest} only, and what it knows to be "
                "published is not on them: another ledger publishes under this name, or the topics were made anew. Nothing was "
                "published. Give this ledger an `outbound.transactional_id` of its own."
            )
        if not complete:
            log.warning("recall_incomplete", why="The topics no longer keep all that was published since.")
        read = taken = 0
        for turn, page in enumerate(self._published.since(since)):
            if not self._alive():
                return False
            read += len(page)
            if page:
                taken += self._outbox.recall(self._name, epoch, page)
            if turn % _REPORT_EVERY == _REPORT_EVERY - 1:
                log.info("recall_in_progress", read=read, taken=taken)
        self._outbox.resume(self._name, epoch, reached)
        self._metrics.recalled.inc(taken)
        log.warning("ledger_caught_up", progress=reached, read=read, taken=taken)
        return True

    def _there(self, landmark: Landmark) -> bool | None:
        """Whether one of its outcomes is on its topic; None where it was stopped. Those on topics since renamed say nothing."""
        ours = {event_id for event_id, topic in landmark.topics.items() if topic in self._published.topics()}
        if not ours:
            return True
        for page in self._published.since(landmark.at - _MARGIN):
            if not self._alive():
                return None
            if any(found.outcome.event_id in ours for found in page):
                return True
        return False
