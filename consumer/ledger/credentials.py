"""Sealed passwords as they lie in the database: forgotten when their time is over."""

from sqlalchemy import Engine, text

from consumer.ledger.engine import transaction

_FORGET = text(
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


class Credentials:
    """All sealed passwords of the ledger. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def forget_expired(self, *, limit: int) -> int:
        """See `Work.forget_expired`."""
        with transaction(self._engine) as connection:
            return connection.execute(_FORGET, {"limit": limit}).rowcount
