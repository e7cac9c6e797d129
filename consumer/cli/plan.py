"""`provisioner plan`: what a configuration would change, before it is in force. See docs/operations.md."""

import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from consumer.cli import ledger as database
from consumer.cli.console import DEFAULT_SERVICE_FILE, DIFFERENT, err, out
from consumer.cli.differences import Accounts, Plan, as_json, in_words
from consumer.cli.registry import connected
from consumer.codec.reader import EventReader
from consumer.configuration.candidate import read_one, tenants_folder
from consumer.configuration.loading import load_settings
from consumer.errors import Fault
from consumer.kafka import consumer_config
from consumer.kafka import opened as with_secrets
from consumer.ledger.inspect import Inspection
from consumer.ledger.unreadable import Unreadable
from consumer.policy.comparison import Comparison
from consumer.replay.file import EventFile
from consumer.replay.fold import Fold
from consumer.replay.source import Source
from consumer.replay.topic import RetainedEvents
from consumer.secrets import opener
from consumer.settings import Settings

app = typer.Typer(add_completion=False)

_PAGE = 1_000
"""Students that the ledger is asked about at once."""

Current = Annotated[
    Path,
    typer.Option(help="The service's file, which names the tenants' files in force.", envvar="PROVISIONER_CONFIG"),
]


@app.command()
def plan(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    config: Annotated[
        Path,
        typer.Option(help="The folder with the candidate: the tenant's file, or a folder `tenants` that holds it."),
    ],
    events: Annotated[Path | None, typer.Option(help="A file of events, one a line in JSON.")] = None,
    *,
    topic: Annotated[bool, typer.Option("--topic", help="Read the events that the topic still has.")] = False,
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ledger: Annotated[bool, typer.Option(help="Also look up in the database which accounts exist.")] = True,
    current: Current = DEFAULT_SERVICE_FILE,
) -> None:
    """Replay events by a configuration that is not in force yet, and list for whom it differs from the current one.

    It changes nothing anywhere: no vendor is called, nothing is written to the database, and no group is joined. Exit status 0 if there
    is no difference, 3 if there is one.
    """
    if (events is None) is not topic:
        raise typer.BadParameter("give one of --events and --topic", param_hint="--events")
    settings = load_settings(current, os.environ)
    in_force, _ = read_one(settings.tenants_dir, tenant, settings.templates_dir)
    candidate, mistakes = read_one(tenants_folder(config), tenant, settings.templates_dir)
    if candidate is None:
        raise typer.BadParameter(f"there is no file for `{tenant}` in {config}", param_hint="--config")
    for mistake in mistakes:
        err.print(str(mistake), markup=False, soft_wrap=True)
    fold = Fold(Comparison(in_force, candidate))
    with _source(settings, tenant, events) as source:
        _take(source, fold)
    affected = fold.affected()
    accounts = _accounts(settings, tenant, [one.student_id for one in affected]) if ledger else Accounts(None, "")
    found = Plan(tenant, fold, affected, accounts, is_new=in_force is None, in_dry_run=candidate.dry_run)
    if as_document:
        typer.echo(json.dumps(as_json(found), ensure_ascii=False, indent=1))
    else:
        for line in in_words(found):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if affected:
        raise typer.Exit(DIFFERENT)


@contextmanager
def _source(settings: Settings, tenant: str, events: Path | None) -> Generator[Source]:
    if events is not None:
        yield EventFile(events, tenant)
        return
    kafka = with_secrets(settings.kafka, opener(os.environ))
    with connected(settings) as registry:
        yield RetainedEvents(consumer_config(kafka), kafka.topics.status_changed, EventReader(registry), tenant)


def _take(source: Source, fold: Fold) -> None:
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("Reading events …", total=source.total)
        for record, done in source:
            fold.take(record)
            progress.update(task, completed=done)


def _accounts(settings: Settings, tenant: str, students: Sequence[str]) -> Accounts:
    """Of the students who are listed. A ledger that cannot be read is reported, and changes nothing else."""
    try:
        with database.opened(settings, name="plan") as engine:
            known = Inspection(engine)
            pages = [known.accounts(tenant, students[n : n + _PAGE]) for n in range(0, len(students), _PAGE)]
    except (Fault, Unreadable) as fault:
        return Accounts(None, str(fault))
    return Accounts({student: accounts for page in pages for student, accounts in page.items()})
