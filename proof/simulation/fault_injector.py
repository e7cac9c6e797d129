"""Does what faults say."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextvars import Context

from consumer.failpoints import Point
from proof.simulation.database import NONE
from proof.simulation.dry_running import with_all_but
from proof.simulation.faults import (
    AccountsChanged,
    ClockStep,
    ConsumerFails,
    DatabaseAway,
    DatabaseTrouble,
    DryRunOver,
    FailOver,
    Fault,
    Freeze,
    GuardDecided,
    KafkaAway,
    KafkaLoses,
    Kill,
    PasswordsReplaced,
    RecordsUnreadable,
    Restart,
    Spell,
    TenantConfigured,
    TenantSetAside,
)
from proof.simulation.hands import change_accounts, replace_passwords
from proof.simulation.institutions import settings
from proof.simulation.process import Process
from proof.simulation.reloading import with_all, without
from proof.simulation.replica import Replica
from proof.simulation.surroundings import Surroundings


class FaultInjector:
    """`done` counts the faults by their kinds, `deaths` are the times at which processes were killed or stopped, in Unix seconds.

    `replaced` are the accounts whose passwords an institution has replaced, `changed` those that its staff changed, and when.
    """

    def __init__(self, around: Surroundings, replicas: Sequence[Replica]) -> None:
        self.done: Counter[str] = Counter()
        self.deaths: list[float] = []
        self.replaced: dict[str, float] = {}
        self.changed: dict[str, float] = {}
        self._around = around
        self._replicas = replicas
        self._spells: list[Spell] = []

    def do(self, fault: Fault) -> None:
        """Now, whatever its time is. What lasts ends by itself."""
        self._around.trace.add("fault", type(fault).__name__, fault)
        self.done[type(fault).__name__] += 1
        match fault:
            case Kill() | Restart() | Freeze() | ConsumerFails():
                self._to_a_process(fault)
            case DatabaseAway() | DatabaseTrouble() | FailOver() | RecordsUnreadable() | ClockStep():
                self._to_the_database(fault)
            case KafkaAway() | KafkaLoses():
                self._to_kafka(fault)
            case Spell(seconds=seconds):
                self._spells.append(fault)
                self._set_weather()
                asyncio.get_running_loop().call_later(seconds, self._clear, fault)
            case PasswordsReplaced(_, tenant_id):
                now = self._around.clock.unix()
                self.replaced |= dict.fromkeys(replace_passwords(tenant_id, self._around.vendors, now=now), now)
            case TenantConfigured() | TenantSetAside() | DryRunOver():
                self._to_a_file(fault)
            case GuardDecided(_, tenant_id, verdict):
                self._around.database.decide_all(tenant_id, verdict)
            case AccountsChanged(_, tenant_id):
                done = self._around.database.settled_accounts(tenant_id)
                change_accounts(tenant_id, done, self._around.vendors)
                self.changed |= dict.fromkeys(done, self._around.clock.unix())

    def _to_a_file(self, fault: TenantConfigured | TenantSetAside | DryRunOver) -> None:
        around = self._around
        match fault:
            case TenantConfigured(at, tenant_id, back_after):
                around.unconfigured.discard(tenant_id)
                self._to_a_process(Kill(at, None, back_after))
            case TenantSetAside(_, seconds, number, tenant_id):
                replica = self._replicas[number]
                replica.configure(without(tenant_id))
                asyncio.get_running_loop().call_later(seconds, replica.configure, with_all())
            case DryRunOver(_, tenant_id):
                around.in_dry_run.discard(tenant_id)
                for replica in self._replicas:
                    replica.configure(with_all_but(around.unconfigured))
                around.database.end_holds(tenant_id)

    def crash(self, process: Process, point: Point) -> None:
        """It dies where it is."""
        self._around.trace.add(process.name, "crashes at", point.value)
        self.done["crash"] += 1
        self.deaths.append(self._around.clock.unix())
        process.kill()

    def stall(self, process: Process, point: Point, seconds: float) -> None:
        """It stands still where it is."""
        self._around.trace.add(process.name, "stalls at", point.value)
        self.done["stall"] += 1
        self.deaths.append(self._around.clock.unix())
        process.freeze()
        asyncio.get_running_loop().call_later(seconds, process.thaw, context=Context())

    def _to_a_process(self, fault: Kill | Restart | Freeze | ConsumerFails) -> None:
        match fault:
            case Kill(_, number, back_after):
                for replica in self._those(number):
                    self.deaths.append(self._around.clock.unix())
                    replica.down_until = self._around.clock.time() + back_after
                    replica.kill()
            case Restart(_, number):
                self._replicas[number].stop()
            case Freeze(_, number, seconds):
                process = self._replicas[number].process
                self.deaths.append(self._around.clock.unix())
                process.freeze()
                asyncio.get_running_loop().call_later(seconds, process.thaw)
            case ConsumerFails(_, number):
                for replica in self._those(number):
                    self._around.kafka.fence(settings().kafka.group_id, replica.process)

    def _those(self, number: int | None) -> Sequence[Replica]:
        return self._replicas if number is None else (self._replicas[number],)

    def _to_the_database(
        self, fault: DatabaseAway | DatabaseTrouble | FailOver | RecordsUnreadable | ClockStep
    ) -> None:
        database, later = self._around.database, asyncio.get_running_loop().call_later
        match fault:
            case DatabaseAway(_, seconds):
                database.outage(seconds)
            case DatabaseTrouble(_, seconds, trouble):
                database.trouble = trouble
                later(seconds, self._untroubled)
            case FailOver(_, lag, seconds):
                later(lag, database.fail_over, database.standby(), seconds)
            case RecordsUnreadable(_, seconds, tenant_id):
                database.unreadable = database.every_second(tenant_id)
                later(seconds, database.unreadable.clear)
            case ClockStep(_, seconds):
                database.step_limits(seconds)

    def _to_kafka(self, fault: KafkaAway | KafkaLoses) -> None:
        match fault:
            case KafkaAway(_, seconds, leader_of):
                if leader_of is None:
                    self._around.kafka.outage(seconds)
                else:
                    self._around.kafka.leader_away(*leader_of, seconds)
            case KafkaLoses(_, request, lands_after):
                self._around.kafka.lose(request, lands_after=lands_after)

    def _untroubled(self) -> None:
        self._around.database.trouble = NONE

    def _clear(self, spell: Spell) -> None:
        self._spells.remove(spell)
        self._set_weather()

    def _set_weather(self) -> None:
        self._around.internet.set_conditions({spell.host: spell.conditions for spell in self._spells})
