"""The topic of dead letters, for the commands about them: what they need opened, and the topic page by page with its progress."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from rich.progress import Progress
from sqlalchemy import Engine

from consumer.cli.console import err
from consumer.cli.ledger import opened
from consumer.cli.registry import connected
from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.reader import EventReader
from consumer.configuration.loading import read_tenants
from consumer.intake.batch import BatchReader
from consumer.intake.port import Record
from consumer.kafka import consumer_config
from consumer.kafka import opened as with_secrets
from consumer.ledger.replays import Replays
from consumer.policy.decision import DecisionTable
from consumer.replay.letters import DeadLetterNotes, notes_of
from consumer.replay.preview import Previewer
from consumer.replay.reading import RetainedRecords
from consumer.secrets import opener
from consumer.settings import KafkaSettings, Settings

_PAGE, _PAGE_BYTES = 500, 8 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant; None: whichever."""

    tenant_id: str | None = None
    reason: DeadLetterReason | None = None
    since: datetime | None = None

    def has(self, notes: DeadLetterNotes) -> bool:
        """Whether it is one of them."""
        is_of_time = self.since is None or (notes.at is not None and notes.at >= self.since)
        return is_of_time and self.tenant_id in {None, notes.tenant_id} and self.reason in {None, notes.reason}


class Letters:
    """The topic as it is when this is made. Blocking; raises as `RetainedRecords` does."""

    def __init__(self, kafka: KafkaSettings, since: datetime | None = None) -> None:
        self._records = RetainedRecords(consumer_config(kafka), kafka.topics.dead_letters, since=since)

    def at(self, partition: int, offset: int) -> Record | None:
        """The letter at this place, if there is one."""
        return cast("Record | None", self._records.at(partition, offset))

    def pages(self, selection: Selection, take: Callable[[Record, DeadLetterNotes], T]) -> Iterator[list[T]]:
        """What `take` makes of each selected letter, in pages that are bounded in number and bytes; progress is shown in between."""
        records, passed, ended = iter(self._records), 0, False
        while not ended:
            page: list[T] = []
            size = 0
            with Progress(console=err, transient=True) as progress:
                task = progress.add_task("Reading dead letters …", total=self._records.total, completed=passed)
                while len(page) < _PAGE and size < _PAGE_BYTES:
                    step = next(records, None)
                    if step is None:
                        ended = True
                        break
                    record, passed = cast("tuple[Record, int]", step)
                    progress.update(task, completed=passed)
                    notes = notes_of(record)
                    if selection.has(notes):
                        page.append(take(record, notes))
                        size += notes.value_bytes or 0
            if page:
                yield page


def kafka_of(settings: Settings) -> KafkaSettings:
    """With the secrets in place: never to be shown."""
    return with_secrets(settings.kafka, opener(os.environ))


@contextmanager
def previewing(settings: Settings) -> Generator[tuple[Engine, Previewer]]:
    """The ledger, and a previewer by the tenants' files as they are now. Raises `Misconfigured` where there is no tenant."""
    files = read_tenants(settings.tenants_dir)
    outlines = {ident: broken.outline for ident, broken in files.broken.items()}
    known: list[Any] = [*(tenant for tenant, _ in files.loaded), *filter(None, outlines.values())]
    table = DecisionTable.of(known, unreadable=[ident for ident, outline in outlines.items() if outline is None])
    topics = settings.kafka.topics
    with opened(settings, name="dead-letters") as engine, connected(settings) as registry:
        reader = EventReader(registry)
        replays = Replays(engine, topics.dead_letters)
        yield engine, Previewer(BatchReader(reader, lambda: table), reader, replays, topics.status_changed)
