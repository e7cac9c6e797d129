"""The ledger, for commands that read or write it while replicas run."""

import os
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine

from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine
from consumer.ledger.form import require_current
from consumer.secrets import opener
from consumer.settings import Settings


@contextmanager
def connected(settings: Settings, *, name: str) -> Generator[Engine]:
    """The configured database, whatever its schema version; `name` is the application name. Raises `Stop` if its URL is unusable."""
    engine = open_engine(Dsn.of(settings.database, opener(os.environ)), name=f"provisioner {name}")
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened(settings: Settings, *, name: str) -> Generator[Engine]:
    """The configured database. Raises `Stop` if its schema version is not the one that this version needs."""
    with connected(settings, name=name) as engine:
        require_current(engine)
        yield engine
