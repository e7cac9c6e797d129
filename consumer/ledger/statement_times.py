"""How long statements take, by the table that they are about."""

import re
import time
from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import Connection, Engine, event

from consumer.ledger.tables import metadata

OTHER = "other"
"""What names no table of the ledger: the beginning of a transaction, a notification, a look at the server."""
_BEGAN = "when the statement began"
_NAMED = re.compile(r"\b(?:from|into|update|join)\s+\"?([a-z_]+)", re.IGNORECASE)

Observe = Callable[[str, float], None]
"""Takes the table and the seconds, in the thread that asked."""


def measure(engine: Engine, observe: Observe) -> None:
    """From now on, each statement that succeeds is observed: from when it is sent until PostgreSQL has answered."""

    @event.listens_for(engine, "before_cursor_execute")
    def began(connection: Connection, *_: object) -> None:
        connection.info[_BEGAN] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def ended(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        observe(table_of(statement), time.perf_counter() - connection.info[_BEGAN])


@lru_cache(maxsize=512)
def table_of(statement: str) -> str:
    """The first table of the ledger that the statement names."""
    return next((name.lower() for name in _NAMED.findall(statement) if name.lower() in metadata.tables), OTHER)
