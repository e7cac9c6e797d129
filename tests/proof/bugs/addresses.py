"""Bugs in what becomes of former addresses."""

from collections.abc import Sequence

from consumer.ledger.port.student import Lease
from consumer.ledger.port.work import Work
from consumer.ledger.port.writes import RetireAddress, Write
from proof.simulation.clients import SimulatedClients
from proof.simulation.ledger import SimulatedWork


class _Generous(SimulatedWork):
    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        await super().commit(lease, writes, service=service)
        for write in writes:
            if isinstance(write, RetireAddress):
                self._database.state.addresses.pop((write.provider, write.address), None)
                self._database.state.retired.pop((write.provider, write.address), None)


class GivesFormerAddressesAway(SimulatedClients):
    """An address that an account had before is free for everybody at once."""

    def work(self) -> Work:
        return _Generous(self._around.database, self._process)
