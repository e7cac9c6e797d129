"""What one installation can do, by other measurements."""

from dataclasses import dataclass

from consumer.settings import ProvisioningSettings, RetentionSettings
from consumer.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Capacity:
    """Figures of docs/performance.md, with the measurement that each is from.

    - `accounts`: a second, one replica ("whole accounts, one process"): everything that a process does for an account is in it.
    - `skip_cpu`, `act_cpu`: seconds of a core that the intake needs for an event ("the intake", "events that act").
    - `outcomes`: a second, one relay ("outcomes published, one relay"); an account has two, itself and its mail.
    - `database_cpu`, `commits_each`: seconds of a core of the database's, and its transactions, for an account ("the database's work").
      A full replica puts more of its work into one transaction than a slow one, so it is rather less.
    - `commits`: a second, eight committers ("commits that are announced").
    - `database_cores`: of the database's machine, used to `database_use` at most. This one is an assumption.
    - `ever`, `as_events`, `as_outcomes`: bytes in the ledger for an account, with indexes ("what the ledger keeps").
    """

    accounts: float = 209
    skip_cpu: float = 8.3e-6
    act_cpu: float = 59e-6
    outcomes: float = 7_001
    outcomes_each: int = 2
    database_cpu: float = 1.8e-3
    commits_each: float = 0.77
    commits: float = 1_368
    database_cores: int = 8
    database_use: float = 0.7
    ever: float = 4_700
    as_events: float = 1_400
    as_outcomes: float = 2_500

    @property
    def account_seconds(self) -> float:
        """How long a student is in work: so many are, and so many end each second (Little's law)."""
        return ProvisioningSettings().concurrency / self.accounts

    @property
    def tenant(self) -> float:
        """Accounts a second of one tenant in one replica, as not more of its students are in work at once."""
        return Tenant.model_fields["concurrency"].default / self.account_seconds

    @property
    def relay(self) -> float:
        """Accounts a second whose outcomes one relay publishes."""
        return self.outcomes / self.outcomes_each

    @property
    def database(self) -> float:
        """Accounts a second that one database takes."""
        return min(self.database_processors, self.database_commits)

    @property
    def database_processors(self) -> float:
        """… as far as its processors are concerned."""
        return self.database_cores * self.database_use / self.database_cpu

    @property
    def database_commits(self) -> float:
        """… and its disk, to which each commit is flushed."""
        return self.commits / self.commits_each

    @property
    def events_kept(self) -> float:
        """Days for which events and attempts are kept: the longer of the two."""
        return max(RetentionSettings().settled_events, RetentionSettings().attempts)

    @property
    def outcomes_kept(self) -> float:
        """Days for which published outcomes are kept."""
        return RetentionSettings().published_outcomes
