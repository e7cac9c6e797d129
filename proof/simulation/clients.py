"""What a simulated process talks to: the simulated world, under the names by which the service knows it."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from consumer.http.client import Http
from consumer.intake import port as intake
from consumer.intake.beside import Beside, in_turn
from consumer.ledger.port.inbox import Inbox
from consumer.ledger.port.leadership import Leadership
from consumer.ledger.port.outbox import Outbox
from consumer.ledger.port.retention import Retention
from consumer.ledger.port.work import Work
from consumer.observe.metrics import Metrics
from consumer.outbound.port import Progress, Published, TransactionalProducer
from consumer.pacing.port import Quotas
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection, MicrosoftSection
from proof.simulation.database import WakeSignals
from proof.simulation.institutions import settings
from proof.simulation.ledger import (
    SimulatedInbox,
    SimulatedLeadership,
    SimulatedOutbox,
    SimulatedQuotas,
    SimulatedRetention,
    SimulatedWork,
)
from proof.simulation.process import Process
from proof.simulation.surroundings import Surroundings
from proof.simulation.threads import sleep, wait_for


class SimulatedClients:
    """Keeps `Clients` for one process."""

    def __init__(self, around: Surroundings, process: Process, rng: random.Random) -> None:
        self._around = around
        self._process = process
        self._rng = rng
        self._wake_signals = WakeSignals(process)
        around.database.listen(self._wake_signals)

    def consumer(self, answered: intake.Answered) -> intake.Consumer:
        return self._around.kafka.consumer(
            self._process, group=settings().kafka.group_id, idle=settings().provisioning.sweep, answered=answered
        )

    def dead_letter_producer(self) -> intake.Producer:
        return self._around.kafka.producer(self._process)

    def relay_producer(self) -> TransactionalProducer:
        return self._around.kafka.transactional_producer(self._process, settings().outbound.transactional_id)

    def progress(self) -> Progress:
        topic, relay = settings().kafka.topics.relay_progress, settings().outbound.transactional_id
        return self._around.kafka.progress(self._process, topic, relay)

    def published(self) -> Published:
        return self._around.kafka.published(self._process, settings().kafka.topics.outcomes)

    def beside(self) -> Beside:
        return in_turn

    def inbox(self) -> Inbox:
        return SimulatedInbox(self._around.database, self._process)

    def work(self) -> Work:
        return SimulatedWork(self._around.database, self._process)

    def quotas(self) -> Quotas:
        return SimulatedQuotas(self._around.database, self._process)

    def outbox(self) -> Outbox:
        return SimulatedOutbox(self._around.database, self._process)

    def retention(self) -> Retention:
        return SimulatedRetention(self._around.database, self._process)

    def overviews(self) -> None:
        """The simulation looks at its database itself."""

    def reconciliations(self, metrics: Metrics) -> None:
        """The simulation's ledger has none."""
        del metrics

    def leadership(self) -> Leadership:
        return self.lease_of("outbound")

    def lease_of(self, loop: str) -> Leadership:
        return SimulatedLeadership(self._around.database, self._process, loop)

    async def work_announced(self, seconds: float) -> None:
        await self._wake_signals.hear(self._wake_signals.work, seconds)

    def outcomes_announced(self, seconds: float) -> None:
        wait_for(self._wake_signals.hear(self._wake_signals.outcomes, seconds))

    def wake(self) -> None:
        self._wake_signals.work.set()
        self._wake_signals.outcomes.set()

    def http(self, ca_file: Path | None) -> Http:
        del ca_file
        return self._around.internet.of(self._process)

    def tokens(self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        return self._around.internet.tokens(section, scopes=scopes)

    def random_bytes(self, count: int) -> bytes:
        return self._rng.randbytes(count)

    def unix(self) -> float:
        return asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def back_off(self, seconds: float) -> None:
        sleep(seconds)
