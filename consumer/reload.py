"""The loop that keeps the tenants in force as their files say: a tenant comes, changes and leaves without a restart."""

import threading
from collections.abc import Callable, Mapping

import structlog

from consumer.configuration.folder import Look, Reread, TenantFolder
from consumer.configuration.mistakes import Misconfigured
from consumer.configuration.tenant_file import Serves, TenantFile
from consumer.errors import Unavailable
from consumer.ledger.holds import Resumed
from consumer.observe.metrics import Metrics
from consumer.snapshot import InForce

log = structlog.get_logger()

NAME = "tenants"

_IN_FORCE = {
    Serves.NOTHING: "nothing: its events are dead letters",
    Serves.EVENTS: "its status table: its students wait",
    Serves.HELD: "the file, but its students are held",
    Serves.STUDENTS: "the last good version",
}
"""What counts for a tenant whose newest file cannot be used, for the log."""


class Reload:
    """`run` blocks its thread until `stop`, and looks every `every` seconds and when it is asked. What fails is retried at the next look.

    `end_holds` notes the configuration of tenants, by digest, and ends their holds; it may raise `Unavailable`. After `settle` seconds by
    `clock` the holds of a changed tenant end once more: students in work may have been held by the old file meanwhile. `restart_needed`
    says whether the service's own file has changed, which a running process does not follow.
    """

    def __init__(
        self,
        folder: TenantFolder,
        in_force: InForce,
        *,
        end_holds: Callable[[Mapping[str, bytes]], Mapping[str, Resumed]],
        restart_needed: Callable[[], bool],
        every: float,
        settle: float,
        clock: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._folder = folder
        self._in_force = in_force
        self._end_holds = end_holds
        self._restart_needed = restart_needed
        self._every = every
        self._settle = settle
        self._clock = clock
        self._metrics = metrics
        self._owed: set[str] = set()
        self._settles_at: dict[str, float] = {}
        self._unreadable: str | None = None
        self._asked = threading.Event()
        self._stopping = False
        for ident, file in folder.in_force.items():
            if file.unusable:
                metrics.tenant_file_invalid.labels(ident).set(1)

    def ask(self) -> None:
        """Looks at once, and at the service's file too. From any thread, also before `run`."""
        self._asked.set()

    def stop(self) -> None:
        """From any thread."""
        self._stopping = True
        self._asked.set()

    def run(self) -> None:
        """Does not raise: whatever happens to the files, the service continues with the tenants that it has."""
        while not self._stopping:
            asked = self._asked.wait(self._every)
            self._asked.clear()
            if self._stopping:
                return
            try:
                self.turn(asked=asked)
            except Exception as fault:  # noqa: BLE001  a defect here must not stop what serves all tenants
                self._failed(fault)

    def turn(self, *, asked: bool = False) -> None:
        """One look, and what follows from it. `asked`: by a person, who is also to learn that the service's own file has changed."""
        if asked and self._restart_needed():
            log.warning(
                "service_file_changed", what_to_do="Restart the replicas: a running one follows tenants' files only."
            )
        try:
            look = self._folder.look()
        except Misconfigured as fault:
            self._folder_unreadable(str(fault))
        else:
            self._folder_readable()
            self._apply(look)
        self._resume()

    def _apply(self, look: Look) -> None:
        """First the snapshot, then the holds: students who become due meet the new configuration."""
        if look.came or look.left:
            self._in_force.put(self._folder.snapshot())
        for ident, file in look.came.items():
            self._metrics.tenant_unusable.labels(ident).set(0 if file.serves is Serves.STUDENTS else 1)
            self._owed.add(ident)
            self._settles_at[ident] = self._clock() + self._settle
        for ident, one in look.reread.items():
            self._report(ident, one, in_force=look.came.get(ident))
        for ident in look.left:
            for gauge in (self._metrics.tenant_unusable, self._metrics.tenant_file_invalid):
                gauge.remove(ident)
            self._metrics.tenant_changes.labels("removed").inc()
            log.info("tenant_removed", tenant_id=ident)
        for mistake in look.mistakes:
            log.error("configuration_mistake", mistake=str(mistake))

    def _report(self, ident: str, one: Reread, *, in_force: TenantFile | None) -> None:
        """Each version once: a file that is written again with the same mistakes is no news."""
        newest, before = one.newest, one.before
        self._metrics.tenant_file_invalid.labels(ident).set(1 if newest.unusable else 0)
        if newest.unusable:
            if before is None or before.unusable != newest.unusable:
                self._metrics.tenant_changes.labels("invalid").inc()
                counts = _IN_FORCE[self._folder.in_force[ident].serves]
                mistakes = [str(mistake) for mistake in newest.unusable]
                log.error("tenant_file_invalid", tenant_id=ident, mistakes=mistakes, in_force=counts)
            return
        if before is not None and before.unusable:
            log.info("tenant_file_usable", tenant_id=ident)
        if in_force is not None:
            result = "added" if before is None else "changed"
            self._metrics.tenant_changes.labels(result).inc()
            log.info("tenant_added" if before is None else "tenant_changed", tenant_id=ident)

    def _resume(self) -> None:
        settled = {ident for ident, at in self._settles_at.items() if at <= self._clock()}
        for ident in settled:
            del self._settles_at[ident]
        self._owed |= settled
        tenants = self._in_force.now.tenants
        digests = {ident: tenants[ident].digest() for ident in self._owed if ident in tenants}
        if not digests:
            self._owed.clear()
            return
        try:
            ended = self._end_holds(digests)
        except Unavailable:
            return  # the next look tries again
        self._owed.clear()
        report_resumed(ended)

    def _failed(self, fault: Exception) -> None:
        """What the look had found before the defect counts; the holds of those tenants end by themselves, later."""
        self._in_force.put(self._folder.snapshot())
        self._metrics.loop_faults.labels(NAME, type(fault).__name__).inc()
        log.error("reload_failed", error=type(fault).__name__)

    def _folder_unreadable(self, why: str) -> None:
        self._metrics.tenants_unreadable.set(1)
        if why != self._unreadable:
            log.error("tenants_dir_unreadable", why=why)
        self._unreadable = why

    def _folder_readable(self) -> None:
        self._metrics.tenants_unreadable.set(0)
        if self._unreadable is not None:
            log.info("tenants_dir_readable")
        self._unreadable = None


def report_resumed(ended: Mapping[str, Resumed]) -> None:
    """Logs whose waits a change of the configuration has ended."""
    for tenant, resumed in ended.items():
        if resumed.services or resumed.students:
            log.info("tenant_resumed", tenant_id=tenant, holds=resumed.services, students_due=resumed.students)
