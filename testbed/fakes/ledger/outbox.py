"""Loop 3's side of the ledger in memory."""

from collections.abc import Sequence

from consumer.errors import Fenced
from consumer.ledger.port.outbox import Landmark, OnTopic, OutboxBatch, OutboxRow
from testbed.fakes.ledger.state import OnState, Queued, Relay


class MemoryOutbox(OnState):
    """`Outbox` over dictionaries."""

    def take_over(self, relay: str) -> int:
        relays = self._state.relays
        last = max(relays.values(), key=lambda known: known.batch, default=Relay())
        known = relays.setdefault(relay, Relay(0, last.batch, last.published))
        known.epoch = self._state.next_epoch(known.epoch)
        return known.epoch

    def newest(self, relay: str, epoch: int) -> int:
        return self._relay(relay, epoch).batch

    def unpublished(self, relay: str, epoch: int) -> Sequence[OutboxBatch]:
        known = self._relay(relay, epoch)
        return [self._batch(number) for number in range(known.published + 1, known.batch + 1)]

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        known = self._relay(relay, epoch, after)
        waiting = self._state.unnumbered
        if not waiting:
            return None
        known.batch += 1
        self._state.batches[known.batch] = [waiting.popleft() for _ in range(min(limit, len(waiting)))]
        return self._batch(known.batch)

    def published(self, relay: str, epoch: int, number: int) -> None:
        known = self._relay(relay, epoch, number)
        known.published = max(known.published, number)

    def landmark(self, relay: str, epoch: int) -> Landmark | None:
        published = self._relay(relay, epoch).published
        newest = max((number for number in self._state.batches if number <= published), default=None)
        if newest is None:
            return None
        rows = self._state.batches[newest]
        topics = {row.publish.event_id: row.publish.topic for row in rows}
        return Landmark(topics, max(row.created_at for row in rows))

    def recall(self, relay: str, epoch: int, outcomes: Sequence[OnTopic]) -> int:
        self._relay(relay, epoch)
        return sum(self._recall(found) for found in outcomes)

    def _recall(self, found: OnTopic) -> bool:
        known = self._state.outbox.get(found.outcome.event_id)
        if known is not None and known not in self._state.unnumbered:
            return False
        row = known or Queued(found.outcome, found.at)
        row.recalled_at = self._state.clock()
        if known is not None:
            self._state.unnumbered.remove(known)
        self._state.outbox[found.outcome.event_id] = row
        self._state.batches.setdefault(0, []).append(row)
        return True

    def resume(self, relay: str, epoch: int, number: int) -> None:
        known = self._relay(relay, epoch)
        known.batch = max(known.batch, number)
        known.published = max(known.published, number)

    def waiting_seconds(self) -> float:
        published = max((known.published for known in self._state.relays.values()), default=0)
        waiting = [rows[0].created_at for number, rows in self._state.batches.items() if number > published]
        waiting += [row.created_at for row in self._state.unnumbered]
        return (self._state.clock() - min(waiting)).total_seconds() if waiting else 0.0

    def _batch(self, number: int) -> OutboxBatch:
        rows = [row.publish for row in self._state.batches[number]]
        return OutboxBatch(number, [OutboxRow(row.topic, row.key, row.value, row.headers) for row in rows])

    def _relay(self, relay: str, epoch: int, number: int = 0) -> Relay:
        known = self._state.relays.get(relay)
        if known is None or known.epoch != epoch or known.batch < number:
            raise Fenced("Another relay has taken over, or the ledger has lost batches.")
        return known
