"""`provisioner dead-letters`: which records could not be accepted and why, and how they are sent in again. See docs/operations.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from consumer.cli import letter_replay
from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, AsJson, ServiceFile, document, err, say, warn
from consumer.cli.ledger import opened
from consumer.cli.letters import Letters, Selection, kafka_of, previewing
from consumer.cli.operator import Since, moment
from consumer.codec.dead_letters import DeadLetterReason
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.ledger.replays import Letter, Replay, Replays
from consumer.replay.letters import DeadLetterNotes, notes_of, original_of
from consumer.replay.preview import Preview

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List dead letters, show one, and send them in again."
)

_NO_LETTER = "There is no dead letter at partition {partition}, offset {offset}: `provisioner dead-letters list` has those that are."


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """`now`: what would become of it if it were sent in again. `event`: its decoded value, with personal data, where that was asked for."""

    letter: DeadLetterNotes
    now: Preview
    event: Mapping[str, Any] | None


@app.callback()
def dead_letters() -> None:
    """List dead letters, show one, and send them in again."""


@app.command(
    "list", epilog="Example: provisioner dead-letters list --tenant north-high --reason unlisted_status --since 7d"
)
def list_letters(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only letters whose key names this tenant.")] = None,
    reason: Annotated[DeadLetterReason | None, typer.Option(help="Only letters for this reason.")] = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the oldest first.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the dead letters: where each is, why, and where its record came from. Neither values nor names are shown.

    Only reads, from what the topic has to what its end was at first, without joining a group. With --json, one JSON object a line.
    """
    selection = Selection(tenant, reason, moment(since, now=datetime.now(UTC)))
    settings = load_settings(config, os.environ)
    kafka, count = kafka_of(settings), 0
    with opened(settings, name="dead-letters") as engine:
        replays = Replays(engine, kafka.topics.dead_letters)
        for page in Letters(kafka, selection.since).pages(selection, lambda _, notes: notes):
            found = page if limit is None else page[: limit - count]
            replayed = replays.newest([_place(notes) for notes in found])
            for notes in found:
                one = _with(notes, replayed.get(_place(notes)))
                if as_json:
                    document(one, indent=None)
                else:
                    say(_line(one))
            count += len(found)
            if count == limit:
                break
    err.print(f"{count:,} dead letters.", highlight=False)


@app.command(epilog="Example: provisioner dead-letters show 0 1042")
def show(
    partition: Annotated[int, typer.Argument(help="Of the dead letter.", min=0, show_default=False)],
    offset: Annotated[int, typer.Argument(help="Of the dead letter.", min=0, show_default=False)],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    value: Annotated[
        bool, typer.Option("--value", help="Also the decoded event. It is personal data: give --names as well.")
    ] = False,
    names: Annotated[bool, typer.Option("--names", help="With --value: names and addresses may be shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter, and what would become of its record by today's schemas and configuration. Only reads.

    Exit status 1 where there is no such letter.
    """
    if value and not names:
        raise typer.BadParameter("the event holds names and addresses: give --names as well", param_hint="--value")
    settings = load_settings(config, os.environ)
    kafka = kafka_of(settings)
    with previewing(settings) as (engine, previewer):
        record = Letters(kafka).at(partition, offset)
        if record is None:
            warn(_NO_LETTER.format(partition=partition, offset=offset))
            raise typer.Exit(FAILED)
        place, original = Letter(partition, offset), original_of(record)
        newest = Replays(engine, kafka.topics.dead_letters).newest([place]).get(place)
        preview = previewer.of(original)
        event = previewer.event(original) if value and original else None
    shown = ShownLetter(_with(notes_of(record), newest), preview, event.model_dump(mode="json") if event else None)
    if as_json:
        document(shown)
        return
    for line in _lines(shown):
        say(line)
    if value and event is None:
        warn("The value cannot be decoded.")


app.command("replay", epilog=letter_replay.EXAMPLE)(letter_replay.replay)


def _place(notes: DeadLetterNotes) -> Letter:
    return Letter(notes.partition, notes.offset)


def _with(notes: DeadLetterNotes, newest: Replay | None) -> DeadLetterNotes:
    if newest is None:
        return notes
    return replace(notes, replays=newest.number, replayed_at=newest.sent_at or newest.begun_at)


def _line(one: DeadLetterNotes) -> str:
    """What came with the record is made printable: others may write to the topic too."""
    at = f"{one.at:%Y-%m-%d %H:%M:%S}" if one.at else "-"
    source = f"{one.topic_before} {one.partition_before}/{one.offset_before}"
    replayed = f"  replayed {one.replayed_at:%Y-%m-%d %H:%M:%S}" if one.replayed_at else ""
    parts = (at, f"{one.partition}/{one.offset}", one.tenant_id or "-", one.reason or "-", f"from {source}")
    return printable("  ".join(parts) + replayed)


def _lines(shown: ShownLetter) -> list[str]:
    one = shown.letter
    kept = "" if one.value_kept else ", not kept: too large for the topic"
    found = [
        ("Dead letter", f"partition {one.partition}, offset {one.offset}"),
        ("Since", f"{one.at:%Y-%m-%d %H:%M:%S %Z}" if one.at else None),
        ("Reason", one.reason),
        ("", one.sentence),
        ("Tenant", one.tenant_id),
        ("Student", shown.now.student_id),
        ("Came from", f"{one.topic_before}, partition {one.partition_before}, offset {one.offset_before}"),
        ("Schema", one.schema),
        ("Key", f"{one.key_bytes} bytes" if one.key_bytes is not None else None),
        ("Value", f"{one.value_bytes} bytes, sha-256 {one.value_sha256}{kept}" if one.value_sha256 else "none"),
        ("Was sent in", f"again, from dead letter {one.replay_of}" if one.replay_of else None),
        ("Replayed", f"{one.replays} times, last {one.replayed_at:%Y-%m-%d %H:%M:%S %Z}" if one.replayed_at else None),
        ("Now", shown.now.sentence),
    ]
    event = [f"{name}: {content}" for name, content in (shown.event or {}).items()]
    return [printable(f"{name:<12} {content}") for name, content in found if content] + [*map(printable, event)]
