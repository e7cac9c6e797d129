"""Holds of tenants: ended by a change of the tenant's configuration, or by an operator.

What waits for a vendor's own time (`Retry-After`) is no hold: a change of the configuration leaves it, an operator may end it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from consumer.ledger.acts import ActKind, Operator, Recording
from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction

_CHANGED = text(
    """
    SELECT tenant_id FROM unnest(CAST(:tenants AS text[]), CAST(:digests AS bytea[])) AS new(tenant_id, digest)
    LEFT JOIN tenant_configuration AS known USING (tenant_id)
    WHERE known.digest IS DISTINCT FROM new.digest ORDER BY tenant_id
    """
)
_NOTE = text(
    """
    INSERT INTO tenant_configuration AS known (tenant_id, digest, seen_at)
    SELECT tenant_id, digest, now() FROM unnest(CAST(:tenants AS text[]), CAST(:digests AS bytea[])) AS new(tenant_id, digest)
    ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at WHERE known.digest <> excluded.digest
    """
)
_END_WAITS = text(
    """
    DELETE FROM tenant_wait WHERE tenant_id = ANY(CAST(:tenants AS text[])) AND (held OR NOT :only_held)
      AND (CAST(:service AS text) IS NULL OR service = :service OR starts_with(service, :service || '/'))
    RETURNING tenant_id
    """
)
# In the order of the key, as all who lock several students.
_DUE = text(
    """
    WITH waiting AS (
      SELECT s.tenant_id, s.student_id FROM student s
      WHERE s.tenant_id = ANY(CAST(:tenants AS text[])) AND (s.tenant_id, s.student_id) > (:after_tenant, :after_student)
        AND s.due_at > now() AND (s.lease_until IS NULL OR s.lease_until <= now())
        AND EXISTS (SELECT FROM student_wait w WHERE w.tenant_id = s.tenant_id AND w.student_id = s.student_id
                    AND (w.held OR NOT :only_held) AND (CAST(:service AS text) IS NULL OR w.provider = :service OR w.step = :step))
      ORDER BY s.tenant_id, s.student_id LIMIT :page FOR NO KEY UPDATE OF s
    ), due AS (
      UPDATE student s SET due_at = now() FROM waiting WHERE s.tenant_id = waiting.tenant_id AND s.student_id = waiting.student_id
      RETURNING s.tenant_id, s.student_id
    )
    SELECT tenant_id, array_agg(student_id) AS students, max(student_id) AS last FROM due GROUP BY tenant_id ORDER BY tenant_id
    """
)
# What waits otherwise, such as for the time of a deletion, is left to its time.
_RETRY = text(
    """
    UPDATE student s SET due_at = now()
    WHERE s.tenant_id = :tenant AND s.student_id = :student AND s.due_at > now() AND (s.lease_until IS NULL OR s.lease_until <= now())
      AND (s.desired_version > s.settled_version
        OR EXISTS (SELECT FROM student_wait w WHERE w.tenant_id = s.tenant_id AND w.student_id = s.student_id))
    RETURNING s.student_id
    """
)
_END_HELD = text("DELETE FROM tenant_wait WHERE tenant_id = :tenant AND held AND reason = :reason RETURNING service")
# A page of those who are held, by the index of these; of them, those who are not due yet.
_RELEASE = text(
    """
    WITH held AS (
      SELECT DISTINCT student_id FROM student_wait
      WHERE tenant_id = :tenant AND reason = :reason AND held AND student_id > :after ORDER BY student_id LIMIT :page
    ), waiting AS (
      SELECT s.tenant_id, s.student_id FROM student s JOIN held USING (student_id)
      WHERE s.tenant_id = :tenant AND s.due_at > now() AND (s.lease_until IS NULL OR s.lease_until <= now())
      ORDER BY s.tenant_id, s.student_id FOR NO KEY UPDATE OF s
    ), due AS (
      UPDATE student s SET due_at = now() FROM waiting WHERE s.tenant_id = waiting.tenant_id AND s.student_id = waiting.student_id
      RETURNING s.student_id
    )
    SELECT (SELECT max(student_id) FROM held) AS last, ARRAY(SELECT student_id FROM due) AS students
    """
)


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many waits of a tenant's services were ended, and how many of its students are due at once."""

    services: int
    students: int


class Holds:
    """All tenants' holds. Blocking; every method may raise `Unavailable`, and may be repeated.

    Of a large tenant, `page` students become due in one transaction: all at once would take longer than a statement may.
    """

    def __init__(self, engine: Engine, *, page: int = 5_000) -> None:
        self._engine = engine
        self._page = page
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def configured(self, digests: Mapping[str, bytes]) -> Mapping[str, Resumed]:
        """Notes each tenant's configuration, by a digest. Where it differs from the last one, the tenant's holds end: see `Resumed`.

        What waits for a vendor's own time keeps waiting.
        """
        with transaction(self._engine) as connection:
            changed = [row.tenant_id for row in connection.execute(_CHANGED, _values(digests))]
        if not changed:
            return {}
        resumed = self._resume(changed, service=None, only_held=True)
        self._note(digests)
        return resumed

    def reconfigured(self, digests: Mapping[str, bytes]) -> Mapping[str, Resumed]:
        """The same for tenants whose file or secrets this replica has just begun to use, and the holds of all of them end.

        Where another replica has noted the digest before, this one may have held students again since, by the old file.
        """
        resumed = self._resume(list(digests), service=None, only_held=True)
        self._note(digests)
        return resumed

    def resume(self, tenant_id: str, service: str | None, operator: Operator) -> Resumed:
        """Ends the tenant's waits, for `service` and its parts or for all; students who waited because of them are due at once.

        An act of the operator's, where anything waited.
        """
        about = {} if service is None else {"service": service}
        recording = Recording(ActKind.TENANT_RESUMED, operator, tenant_id=tenant_id, **about)
        return self._resume([tenant_id], service=service, only_held=False, recording=recording)[tenant_id]

    def retry(self, tenant_id: str, student_id: str, operator: Operator) -> bool:
        """Makes a student due who waits; False where the student does not, is due or in work already, or is not known.

        A hold ends when the try meets its cause no more; the tenant's waits stay as they are. An act of the operator's.
        """
        recording = Recording(ActKind.STUDENT_RETRIED, operator, tenant_id=tenant_id, student_id=student_id)
        with transaction(self._engine) as connection:
            due = connection.execute(_RETRY, {"tenant": tenant_id, "student": student_id}).scalars().all()
            if due:
                recording.write(connection, due)
        self._announcements.committed()
        return bool(due)

    def release(self, tenant_id: str, reason: str, operator: Operator) -> Iterator[Resumed]:
        """Ends the tenant's holds for this reason: of its services, then of its students, who are due at once. Yields what each page did.

        An act of the operator's, where anything was held. What is abandoned between two pages may be repeated.
        """
        recording = Recording(ActKind.HOLDS_RELEASED, operator, tenant_id=tenant_id, reason=reason)
        of = {"tenant": tenant_id, "reason": reason, "page": self._page}
        with transaction(self._engine) as connection:
            services = len(connection.execute(_END_HELD, of).all())
            if services:
                recording.write(connection)
        yield Resumed(services, 0)
        after = ""
        while after is not None:
            with transaction(self._engine) as connection:
                page = connection.execute(_RELEASE, {**of, "after": after}).one()
                if page.students:
                    recording.write(connection, page.students)
            self._announcements.committed()
            yield Resumed(0, len(page.students))
            after = page.last

    def _note(self, digests: Mapping[str, bytes]) -> None:
        """Last: a configuration counts as seen when all that waited for it is due."""
        with transaction(self._engine) as connection:
            connection.execute(_NOTE, _values(digests))

    def _resume(
        self, tenants: Sequence[str], *, service: str | None, only_held: bool, recording: Recording | None = None
    ) -> Mapping[str, Resumed]:
        """The services first: students who are due must not meet their waits. `recording`: of an act on a single tenant."""
        values = {"tenants": tenants, "service": service, "only_held": only_held}
        with transaction(self._engine) as connection:
            services = Counter(row.tenant_id for row in connection.execute(_END_WAITS, values))
            if recording and services:
                recording.write(connection)
        # Only the welcome mail is no provider's: it waits for the mail service.
        step = "welcome" if service == "mailgun" else None
        students: Counter[str] = Counter()
        after = {"after_tenant": "", "after_student": ""}
        while True:
            with transaction(self._engine) as connection:
                due = connection.execute(_DUE, {**values, **after, "step": step, "page": self._page}).all()
                if recording:
                    for row in due:
                        recording.write(connection, row.students)
            self._announcements.committed()
            if not due:
                return {tenant: Resumed(services[tenant], students[tenant]) for tenant in tenants}
            students.update({row.tenant_id: len(row.students) for row in due})
            after = {"after_tenant": due[-1].tenant_id, "after_student": due[-1].last}


def _values(digests: Mapping[str, bytes]) -> Mapping[str, object]:
    return {"tenants": list(digests), "digests": list(digests.values())}
