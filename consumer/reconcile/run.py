"""One tenant's reconciliation: each of its directories is listed and compared; by a command, or at night in the background loop."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from consumer.errors import Unavailable
from consumer.events import Provider
from consumer.ledger.acts import Recording
from consumer.ledger.leadership import LeasedLeadership
from consumer.ledger.reconciliation import Reconciliation
from consumer.reconcile.comparing import Compared, Comparison
from consumer.reconcile.connections import Connections, Opened
from consumer.reconcile.finding import Finding, Kind, repairable
from consumer.reconcile.listing import DirectoryListing, Progress
from consumer.tenants import Tenant

_LEASE = 180.0
"""Seconds after which another process may continue where this one has died."""


@dataclass
class Summary:
    """How a reconciliation ended. `accounts` were compared; `left_out` were not, as there is or was work on them.

    `again`: how many of them provisioning looks at again.
    """

    findings: Counter[tuple[Provider, Kind]] = field(default_factory=Counter[tuple[Provider, Kind]])
    accounts: int = 0
    left_out: int = 0
    again: int = 0

    def by_kind(self) -> Mapping[str, int]:
        """How many findings there are of each kind, at all providers."""
        kinds = Counter[str]()
        for (_, kind), count in self.findings.items():
            kinds[kind.value] += count
        return kinds


@dataclass(frozen=True, slots=True)
class Task:
    """What one run is asked for: `found` receives each finding, `progress` how far it has come.

    `recording`: of the operator's act, where an operator has it repair.
    """

    tenant: Tenant
    repair: bool
    found: Callable[[Finding], None]
    progress: Progress = lambda _what, _count: None
    recording: Recording | None = None


class Reconciler:
    """`holder` names the process and no other."""

    def __init__(self, connections: Connections, *, holder: str) -> None:
        self._connections = connections
        self._holder = holder

    async def reconcile(self, task: Task) -> Summary:
        """Compares all of the tenant's directories with the ledger.

        Writes nothing at the vendors. Without `repair` it changes no student either; with it, those accounts that provisioning can set
        right are looked at again. Raises `Unavailable` where another process reconciles the tenant; `Hold`, `RetryLater` or
        `OutcomeUnknown` where a directory cannot be read, `Stop` where the tenant's secrets cannot be opened. The next run continues where
        this one was.
        """
        tenant, summary = task.tenant, Summary()
        name = f"reconcile/{tenant.id}"
        leadership = LeasedLeadership(self._connections.engine, name, holder=self._holder, lease=_LEASE)

        def ours() -> None:
            if not leadership.held():
                raise Unavailable("Another process reconciles this tenant, or PostgreSQL does not answer.")

        try:
            ours()
            async with self._connections.to(tenant) as directories:
                for opened in directories.values():
                    await self._one(task, opened, summary, ours)
        finally:
            leadership.resign()
        self._count(tenant, summary)
        return summary

    async def _one(self, task: Task, opened: Opened, summary: Summary, ours: Callable[[], None]) -> None:
        tenant, directory = task.tenant, opened.directory
        kept = Reconciliation(self._connections.engine, tenant.id, directory.provider)
        listing = DirectoryListing(directory, opened.asking, opened.licences, kept, ours, task.progress)
        await listing.list(tenant.digest())
        quiet = self._connections.settings.provisioning.verify_after
        comparison = Comparison(tenant.id, directory, opened.asking, opened.licences, kept, quiet, ours, task.progress)
        async for page in comparison.pages():
            if task.repair and (students := _repairable(page)):
                summary.again += kept.look_again(students, task.recording)
            for finding in page.findings:
                task.found(finding)
                summary.findings[finding.provider, finding.kind] += 1
            summary.accounts += page.accounts
            summary.left_out += page.left_out
        kept.finish()

    def _count(self, tenant: Tenant, summary: Summary) -> None:
        gauge = self._connections.metrics.reconciliation_findings
        for provider in tenant.providers:
            for kind in Kind:
                gauge.labels(tenant.id, provider, kind).set(summary.findings[provider, kind])


def _repairable(page: Compared) -> list[str]:
    """The students all of whose findings provisioning can set right."""
    kinds: dict[str, set[Kind]] = {ident: set() for ident in page.expected}
    for finding in page.findings:
        if finding.student_id is not None:
            kinds[finding.student_id].add(finding.kind)
    return [
        ident for ident, found in kinds.items() if repairable(found, wants_account=page.expected[ident].wants_account)
    ]
