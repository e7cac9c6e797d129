"""What is not needed any more, deleted on PostgreSQL: by an index, page by page, so that no transaction is long and no other waits."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, TextClause, text

from consumer.ledger.engine import transaction
from consumer.ledger.skip_scan import tenants

_PAGE = 1_000

_CREDENTIALS = text(
    """
    WITH expired AS (
      SELECT tenant_id, student_id, provider, generation FROM credential WHERE expires_at <= now()
      ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM credential USING expired
    WHERE (credential.tenant_id, credential.student_id, credential.provider, credential.generation)
      = (expired.tenant_id, expired.student_id, expired.provider, expired.generation)
    """
)
# Batches are in the order of time, or nearly so: where the last row of a page is not old, those after it are not either. Deleted by
# their place in the table, as no other statement touches a row that is published.
_PUBLISHED_PAGE = text(
    """
    SELECT batch, seq, key, created_at < now() - :keep * interval '1 second' AS old FROM outbox
    WHERE (batch, seq) > (:batch, :seq) AND batch > 0
      AND batch < (SELECT max(batch) FROM outbox WHERE batch <= (SELECT max(published) FROM relay))
    ORDER BY batch, seq LIMIT :limit
    """
)
_RECALLED_PAGE = text(
    """
    SELECT batch, seq, key, coalesce(recalled_at, created_at) < now() - :keep * interval '1 second' AS old FROM outbox
    WHERE batch = :batch AND seq > :seq ORDER BY seq LIMIT :limit
    """
)
_OUTBOX = text(
    """
    DELETE FROM outbox USING unnest(CAST(:seqs AS bigint[]), CAST(:tenants AS text[]), CAST(:students AS text[]))
      AS old(seq, tenant_id, student_id)
    WHERE outbox.seq = old.seq
      AND NOT EXISTS (SELECT FROM student s WHERE s.tenant_id = old.tenant_id AND s.student_id = old.student_id
                      AND (s.due_at IS NOT NULL OR s.desired_version > s.settled_version))
    """
)
_INBOX = text(
    """
    DELETE FROM inbox WHERE (tenant_id, event_id) IN (
      SELECT tenant_id, event_id FROM inbox WHERE settled_at < now() - :keep * interval '1 second' ORDER BY settled_at LIMIT :limit
    )
    """
)


def _tenants(table: str, condition: str = "true") -> TextClause:
    return text(f"WITH {tenants(table, condition)} SELECT tenant_id FROM tenants WHERE tenant_id IS NOT NULL")  # noqa: S608  ours


_TENANTS_WITH_ATTEMPTS = _tenants("attempt")
_TENANTS_WITH_RETIRED = _tenants("address", "retired_at IS NOT NULL")
_ATTEMPTS = text(
    """
    DELETE FROM attempt WHERE (tenant_id, student_id, provider, step, number, state) IN (
      SELECT tenant_id, student_id, provider, step, number, state FROM attempt
      WHERE tenant_id = :tenant AND ended_at < now() - :keep * interval '1 second' ORDER BY ended_at LIMIT :limit
    )
    """
)
_RETIRED = text(
    """
    DELETE FROM address WHERE (provider, address) IN (
      SELECT provider, address FROM address former
      WHERE tenant_id = :tenant AND retired_at < now() - :keep * interval '1 second'
        AND NOT EXISTS (
          SELECT FROM account a WHERE a.tenant_id = former.tenant_id AND a.student_id = former.student_id
            AND a.provider = former.provider AND former.address IN (lower(a.address), lower(a.next_address)))
      ORDER BY retired_at LIMIT :limit
    )
    """
)
_WAITS = text(
    """
    DELETE FROM tenant_wait WHERE (tenant_id, service) IN (
      SELECT tenant_id, service FROM tenant_wait WHERE until < now() - :keep * interval '1 second'
      ORDER BY tenant_id, service LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    """
)
# Decisions are few: people make them. What is rejected is verified as that for as long as it is the newest event.
_DECIDED = text(
    """
    DELETE FROM guarded_action WHERE (tenant_id, student_id, action, version) IN (
      SELECT g.tenant_id, g.student_id, g.action, g.version FROM guarded_action g JOIN student s USING (tenant_id, student_id)
      WHERE g.decided_at < now() - :keep * interval '1 second'
        AND (s.desired_version > g.version OR (g.state = 'approved' AND s.settled_version >= g.version))
      ORDER BY g.tenant_id, g.student_id LIMIT :limit FOR UPDATE OF g SKIP LOCKED
    )
    """
)


class PostgresRetention:
    """`Retention` on PostgreSQL; `page` rows in one transaction."""

    def __init__(self, engine: Engine, *, page: int = _PAGE) -> None:
        self._engine = engine
        self._page = page

    def expired_credentials(self) -> Iterator[int]:
        return self._pages(_CREDENTIALS)

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._outcomes(_PUBLISHED_PAGE, keep=keep)

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._outcomes(_RECALLED_PAGE, keep=keep)

    def _outcomes(self, page: TextClause, *, keep: float) -> Iterator[int]:
        """The old ones whose student has no work, page by page."""
        place = {"batch": 0, "seq": 0}
        while True:
            with transaction(self._engine) as connection:
                rows = connection.execute(page, {**place, "keep": keep, "limit": self._page}).all()
                old = [row for row in rows if row.old]
                keys = [bytes(row.key).decode(errors="replace").partition("/") for row in old]
                values = {
                    "seqs": [row.seq for row in old],
                    "tenants": [tenant for tenant, _, _ in keys],
                    "students": [student for _, _, student in keys],
                }
                deleted = connection.execute(_OUTBOX, values).rowcount if old else 0
            yield deleted
            if len(rows) < self._page or not rows[-1].old:
                return
            place = {"batch": rows[-1].batch, "seq": rows[-1].seq}

    def settled_events(self, *, keep: float) -> Iterator[int]:
        return self._pages(_INBOX, keep=keep)

    def old_attempts(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        return self._by_tenant(_TENANTS_WITH_ATTEMPTS, _ATTEMPTS, keep, others)

    def retired_addresses(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        return self._by_tenant(_TENANTS_WITH_RETIRED, _RETIRED, keep, others)

    def _by_tenant(
        self, having: TextClause, old: TextClause, keep: Mapping[str, float], others: float
    ) -> Iterator[int]:
        with transaction(self._engine) as connection:
            known = list(connection.execute(having).scalars())
        for tenant in known:
            yield from self._pages(old, tenant=tenant, keep=keep.get(tenant, others))

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        return self._pages(_DECIDED, keep=keep)

    def ended_waits(self, *, keep: float) -> Iterator[int]:
        return self._pages(_WAITS, keep=keep)

    def _pages(self, statement: TextClause, **values: Any) -> Iterator[int]:  # noqa: ANN401  the statement's own
        """The same statement until it finds less than a page."""
        while True:
            with transaction(self._engine) as connection:
                deleted = connection.execute(statement, {**values, "limit": self._page}).rowcount
            yield deleted
            if deleted < self._page:
                return
