"""Bugs between the outbox and the topics."""

from consumer.clients import Clients
from consumer.ledger.port.outbox import Outbox, OutboxBatch
from consumer.outbound.port import Progress, TransactionalProducer
from consumer.outbound.relay import Relay
from proof.simulation.clients import SimulatedClients
from proof.simulation.ledger import SimulatedOutbox
from proof.simulation.replica import SimulatedAssembly


class _Blind:
    def __init__(self, real: Progress) -> None:
        self._real = real

    def read(self) -> int:
        self._real.read()
        return 0


class PublishesWithoutProgress(SimulatedClients):
    """What is not marked as published is published, whatever the topics say."""

    def progress(self) -> Progress:
        return _Blind(super().progress())


class _Keeping(Relay):
    def _publish(self, producer: TransactionalProducer, epoch: int, batch: OutboxBatch) -> bool:
        super()._publish(producer, epoch, batch)
        return True


class KeepsItsProducer(SimulatedAssembly):
    """The producer is used on after a commit that was answered late, though another request to commit may still be on its way."""

    def relay(self, clients: Clients, *, kind: type[Relay] = _Keeping) -> Relay:
        return super().relay(clients, kind=kind)


class _Cursor(SimulatedOutbox):
    """Goes by a number that is given out before the commit, as a database's sequence is."""

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        batch = super().next_batch(relay, epoch, limit=limit, after=after)
        if batch is None or len(batch.rows) < 2:
            return batch
        # The commit of the first was still under way when the second's was seen: the cursor is past it.
        return OutboxBatch(batch.number, batch.rows[1:])


class _Trusting(SimulatedOutbox):
    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        del after
        return super().next_batch(relay, epoch, limit=limit)


class TrustsAStandby(SimulatedClients):
    """Numbers continue from the ledger's, whatever the relay has numbered before."""

    def outbox(self) -> Outbox:
        return _Trusting(self._around.database, self._process)


class FollowsACursor(SimulatedClients):
    """Rows that were committed behind a later number are never looked at again."""

    def outbox(self) -> Outbox:
        return _Cursor(self._around.database, self._process)
