"""Loop 3's side of the ledger in memory."""

from collections.abc import Sequence

from consumer.errors import Fenced
from consumer.ledger.port import Batch, OutboxRow
from tests.fakes.ledger.state import OnState, Relay


class MemoryOutbox(OnState):
    """`Outbox` over dictionaries."""

    def take_over(self, relay: str) -> int:
        relays = self._state.relays
        last = max(relays.values(), key=lambda known: known.batch, default=Relay())
        relays.setdefault(relay, Relay(0, last.batch, last.published)).epoch += 1
        return relays[relay].epoch

    def newest(self, relay: str, epoch: int) -> int:
        return self._relay(relay, epoch).batch

    def unpublished(self, relay: str, epoch: int) -> Sequence[Batch]:
        known = self._relay(relay, epoch)
        return [self._batch(number) for number in range(known.published + 1, known.batch + 1)]

    def next_batch(self, relay: str, epoch: int, *, limit: int) -> Batch | None:
        known = self._relay(relay, epoch)
        waiting = self._state.unnumbered
        if not waiting:
            return None
        known.batch += 1
        self._state.batches[known.batch] = [waiting.popleft() for _ in range(min(limit, len(waiting)))]
        return self._batch(known.batch)

    def published(self, relay: str, epoch: int, number: int) -> None:
        known = self._relay(relay, epoch)
        known.published = max(known.published, number)

    def waiting_seconds(self) -> float:
        published = max((known.published for known in self._state.relays.values()), default=0)
        waiting = [rows[0].created_at for number, rows in self._state.batches.items() if number > published]
        waiting += [row.created_at for row in self._state.unnumbered]
        return (self._state.clock() - min(waiting)).total_seconds() if waiting else 0.0

    def _batch(self, number: int) -> Batch:
        rows = [row.publish for row in self._state.batches[number]]
        return Batch(number, [OutboxRow(row.topic, row.key, row.value, row.headers) for row in rows])

    def _relay(self, relay: str, epoch: int) -> Relay:
        if self._state.relays[relay].epoch != epoch:
            raise Fenced("Another relay has taken over.")
        return self._state.relays[relay]
