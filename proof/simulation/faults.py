"""What can go wrong in a simulation, each with its time. Seconds since the beginning; `seconds` is how long it lasts."""

from dataclasses import dataclass

from consumer.ledger.port.guard import Verdict
from proof.simulation.database import Trouble
from proof.simulation.kafka.network import Request
from proof.simulation.vendors import NetworkConditions


@dataclass(frozen=True, slots=True)
class Kill:
    """One replica (or, with None, all) dies, and is started again after `back_after` seconds."""

    at: float
    replica: int | None
    back_after: float


@dataclass(frozen=True, slots=True)
class Restart:
    """One replica is stopped gracefully and started again."""

    at: float
    replica: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """One replica stands still for so long."""

    at: float
    replica: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseAway:
    """PostgreSQL does not answer for so long."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseTrouble:
    """Statements fail, or their answers get lost, for so long."""

    at: float
    seconds: float
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class FailOver:
    """The standby falls behind; `lag` seconds later the primary dies, and after `seconds` more the standby takes its place."""

    at: float
    lag: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordsUnreadable:
    """A newer version has written records of every second student of a tenant that this one can't read, for so long."""

    at: float
    seconds: float
    tenant_id: str


@dataclass(frozen=True, slots=True)
class ClockStep:
    """For the vendors' limits the database's clock steps by so many seconds, back where they are negative; leases are as before."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class KafkaAway:
    """The cluster, or the leader of one partition of a topic, does not answer for so long."""

    at: float
    seconds: float
    leader_of: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class KafkaLoses:
    """The next request of this kind gets no answer; see `Cluster.lose`."""

    at: float
    request: Request
    lands_after: float | None


@dataclass(frozen=True, slots=True)
class Spell:
    """Network conditions between one tenant and one vendor, for so long."""

    at: float
    seconds: float
    host: str
    conditions: NetworkConditions


@dataclass(frozen=True, slots=True)
class PasswordsReplaced:
    """An institution gives all accounts in its domain that have had theirs for some minutes new passwords, and they are used."""

    at: float
    tenant_id: str


@dataclass(frozen=True, slots=True)
class AccountsChanged:
    """Staff delete every second of an institution's accounts of which all is done, and take the others' licences and groups."""

    at: float
    tenant_id: str


@dataclass(frozen=True, slots=True)
class TenantConfigured:
    """An institution gets its file, which no process knew before; all processes are started anew, `back_after` seconds later."""

    at: float
    tenant_id: str
    back_after: float


@dataclass(frozen=True, slots=True)
class ConsumerFails:
    """The consumer of one replica (or, with None, of each) is fenced: it has failed for good, and its process lives."""

    at: float
    replica: int | None


@dataclass(frozen=True, slots=True)
class TenantSetAside:
    """One replica serves no students of a tenant for `seconds`: of the file there, only the status table can be read."""

    at: float
    seconds: float
    replica: int
    tenant_id: str


@dataclass(frozen=True, slots=True)
class DryRunOver:
    """Until then, from the beginning, a tenant is in dry run; then its file changes on all replicas."""

    at: float
    tenant_id: str


@dataclass(frozen=True, slots=True)
class GuardDecided:
    """A person decides about all that the guard has parked of a tenant, as it is listed now."""

    at: float
    tenant_id: str
    verdict: Verdict


Fault = (
    Kill
    | Restart
    | Freeze
    | ConsumerFails
    | DatabaseAway
    | DatabaseTrouble
    | FailOver
    | RecordsUnreadable
    | ClockStep
    | KafkaAway
    | KafkaLoses
    | Spell
    | PasswordsReplaced
    | AccountsChanged
    | TenantConfigured
    | TenantSetAside
    | DryRunOver
    | GuardDecided
)


def over_at(fault: Fault) -> float:
    """When it is over, what it has sent on its way included."""
    match fault:
        case Kill(back_after=lasts) | TenantConfigured(back_after=lasts):
            pass
        case Restart():
            lasts = 60.0
        case PasswordsReplaced() | AccountsChanged() | ConsumerFails() | ClockStep() | DryRunOver() | GuardDecided():
            lasts = 0.0
        case FailOver(lag=lag, seconds=seconds):
            lasts = lag + seconds
        case KafkaLoses(lands_after=after):
            lasts = after or 0.0
        case Spell(seconds=seconds, conditions=conditions):
            lasts = seconds + conditions.lateness
        case _:
            lasts = fault.seconds
    return fault.at + lasts
