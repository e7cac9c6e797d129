"""The ledger, for commands that look at it or write to it beside running replicas."""

import os
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine

from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import require_current
from consumer.secrets import opener
from consumer.settings import Settings


@contextmanager
def connected(settings: Settings, *, name: str) -> Generator[Engine]:
    """The configured database, in whatever form; `name` names the command to it. Raises `Stop` where its URL can't be used."""
    engine = open_engine(Dsn.of(settings.database, opener(os.environ)), name=f"provisioner {name}")
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened(settings: Settings, *, name: str) -> Generator[Engine]:
    """The configured database. Raises `Stop` where it has not the form that this version works with."""
    with connected(settings, name=name) as engine:
        require_current(engine)
        yield engine
