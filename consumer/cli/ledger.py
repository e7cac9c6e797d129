"""The ledger, for commands that look at it or write to it beside running replicas."""

import os
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine

from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import require_current
from consumer.secrets import opener
from consumer.settings import Settings


@contextmanager
def opened(settings: Settings, *, name: str) -> Generator[Engine]:
    """The configured database; `name` names the command to it. Raises `Stop` where it has not the form that this version works with."""
    database = settings.database
    password = opener(os.environ)(database.password) if database.password else None
    engine = open_engine(database.url, password=password, name=f"provisioner {name}")
    try:
        require_current(engine)
        yield engine
    finally:
        engine.dispose()
