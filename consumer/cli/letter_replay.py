"""`provisioner dead-letters replay`: sends records in again as they were, each once. See docs/operations.md."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from confluent_kafka import Producer

from consumer.cli.console import DEFAULT_SERVICE_FILE, DIFFERENT, FAILED, AsJson, ServiceFile, document, err, say, warn
from consumer.cli.letters import Letters, Selection, kafka_of, previewing
from consumer.cli.operator import By, Since, Why, Yes, moment, operator
from consumer.codec.dead_letters import DeadLetterReason
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.intake.port import Record
from consumer.kafka import producer_config
from consumer.ledger.replays import Concerned, Letter, Replay, ReplayRun, Replays
from consumer.replay.letters import OriginalRecord, letter_of, original_of
from consumer.replay.preview import Preview, Previewer, ReplayResult
from consumer.replay.sending import LetterSender, Outgoing

EXAMPLE = "Example: provisioner dead-letters replay --reason unlisted_status --since 7d --dry-run"


class Choice(StrEnum):
    """What a replay does about a letter."""

    SEND = "send"
    REPLAYED_BEFORE = "replayed_before"  # left out, unless --again
    DEAD_LETTER_AGAIN = "dead_letter_again"  # left out, unless --force
    IMPOSSIBLE = "impossible"  # left out


@dataclass(frozen=True, slots=True)
class ReplayedLetter:
    """A letter, what is done about it, and what becomes of its record. `sent`: whether the source topic has it now."""

    partition: int
    offset: int
    choice: Choice
    sent: bool
    now: Preview


@dataclass(frozen=True, slots=True)
class _Considered:
    letter: Letter
    choice: Choice
    preview: Preview
    original: OriginalRecord | None
    before: Replay | None


_LEFT = {
    Choice.REPLAYED_BEFORE: "were replayed before and are left out (--again sends them once more)",
    Choice.DEAD_LETTER_AGAIN: "would be dead letters again and are left out (--dry-run says why; --force sends them)",
    Choice.IMPOSSIBLE: "can't be sent in again and are left out (--dry-run says why)",
}


class _Replay:
    """The letters that were named, considered as often as they are asked for: once to say what would be done, once to do it."""

    def __init__(self, letters: Letters, previewer: Previewer, replays: Replays, *, again: bool, force: bool) -> None:
        self._letters = letters
        self._previewer = previewer
        self._replays = replays
        self._again = again
        self._force = force

    def pages(self, place: Letter | None, selection: Selection) -> Iterator[list[_Considered]]:
        """Of one letter, or of the selected ones."""
        if place is None:
            for page in self._letters.pages(selection, lambda record, _: record):
                yield self._considered(page)
        elif record := self._letters.at(*place):
            yield self._considered([record])

    def _considered(self, records: Sequence[Record]) -> list[_Considered]:
        before = self._replays.newest([letter_of(record) for record in records])
        found: list[_Considered] = []
        for record in records:
            letter, original = letter_of(record), original_of(record)
            preview = self._previewer.of(original)
            choice = self._choice(preview, before.get(letter))
            found.append(_Considered(letter, choice, preview, original, before.get(letter)))
        return found

    def _choice(self, preview: Preview, before: Replay | None) -> Choice:
        if preview.result is ReplayResult.IMPOSSIBLE:
            return Choice.IMPOSSIBLE
        if before is not None and not self._again:
            return Choice.REPLAYED_BEFORE
        return (
            Choice.DEAD_LETTER_AGAIN if preview.result is ReplayResult.DEAD_LETTER and not self._force else Choice.SEND
        )


def replay(
    partition: Annotated[int | None, typer.Argument(help="Of one dead letter.", min=0, show_default=False)] = None,
    offset: Annotated[int | None, typer.Argument(help="Of that dead letter.", min=0, show_default=False)] = None,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="All letters whose key names this tenant.")] = None,
    reason: Annotated[DeadLetterReason | None, typer.Option(help="All letters for this reason.")] = None,
    since: Since = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: say of each letter what would become of it.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed before.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also those that would be dead letters again.")] = False,
    why: Why = "",
    by: By = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters in again: key, value and headers as they were, to the partition that the record came from.

    One is named by partition and offset, or all of a tenant, for a reason, since a time. It says what it would do, and asks. Each letter is
    sent once, and stays where it is. Exit status 1 where none is sent, 3 where some are left out that would not be accepted.
    """
    place = _place(partition, offset)
    selection = Selection(tenant, reason, moment(since, now=datetime.now(UTC)))
    if (place is None) is (selection == Selection()):
        raise typer.BadParameter(
            "name one letter, or give --tenant, --reason or --since", param_hint="PARTITION OFFSET"
        )
    settings = load_settings(config, os.environ)
    kafka = kafka_of(settings)
    with previewing(settings) as (engine, previewer):
        replays = Replays(engine, kafka.topics.dead_letters)
        chosen = _Replay(Letters(kafka, selection.since), previewer, replays, again=again, force=force)
        counts: Counter[Choice] = Counter()
        for page in chosen.pages(place, selection):
            counts.update(one.choice for one in page)
            if dry_run:
                _print(page, frozenset(), as_json=as_json)
            elif place is not None:
                _say_why_not(page[0])
        if not dry_run and counts[Choice.SEND]:
            who = operator(by, why)
            if not yes:
                typer.confirm(_question(counts, kafka.topics.status_changed), abort=True, err=True)
            about = _about(place, reason)
            run = ReplayRun(engine, kafka.topics.dead_letters, who, again=again, **about)
            sender = LetterSender(Producer(producer_config(kafka, name="replay")), run)
            counts[Choice.SEND] = sum(_sent(sender, page, as_json=as_json) for page in chosen.pages(place, selection))
    _end(counts, dry_run=dry_run)


def _place(partition: int | None, offset: int | None) -> Letter | None:
    if partition is None:
        return None
    if offset is None:
        raise typer.BadParameter("give the offset as well", param_hint="OFFSET")
    return Letter(partition, offset)


def _about(place: Letter | None, reason: DeadLetterReason | None) -> dict[str, str | int]:
    if place is not None:
        return {"partition": place.partition, "offset": place.offset}
    return {} if reason is None else {"reason": reason.value}


def _sent(sender: LetterSender, page: Sequence[_Considered], *, as_json: bool) -> int:
    """Sends those of a page that may be; how many the cluster has."""
    outgoing = [
        Outgoing(Concerned(one.letter, one.preview.tenant_id, one.preview.student_id), one.original)
        for one in page
        if one.choice is Choice.SEND and one.original is not None
    ]
    sent = sender.send(outgoing) if outgoing else frozenset[Letter]()
    _print(page, sent, as_json=as_json)
    return len(sent)


def _question(counts: Counter[Choice], topic: str) -> str:
    left = "".join(f" {counts[choice]:,} {what}." for choice, what in _LEFT.items() if counts[choice])
    return f"{counts[Choice.SEND]:,} of {counts.total():,} dead letters would be sent to `{topic}` again.{left} Send them now?"


def _say_why_not(one: _Considered) -> None:
    """Of a letter that was named, and is left out."""
    if one.choice is Choice.REPLAYED_BEFORE and one.before is not None:
        at = one.before.sent_at or one.before.begun_at
        unsure = "" if one.before.sent_at else ", and it is not known whether it arrived"
        warn(
            f"It was replayed by {printable(one.before.by)} at {at:%Y-%m-%d %H:%M:%S %Z}{unsure}: --again sends it once more."
        )
    elif one.choice is Choice.DEAD_LETTER_AGAIN:
        warn(f"It would be a dead letter again: {one.preview.sentence} Correct that first; --force sends it as it is.")
    elif one.choice is Choice.IMPOSSIBLE:
        warn(one.preview.sentence)


def _print(page: Sequence[_Considered], sent: frozenset[Letter], *, as_json: bool) -> None:
    for one in page:
        is_sent = one.letter in sent
        if as_json:
            document(ReplayedLetter(*one.letter, one.choice, is_sent, one.preview), indent=None)
        else:
            choice = "sent" if is_sent else one.choice.value
            say(printable(f"{one.letter.partition}/{one.letter.offset}  {choice}  {one.preview.sentence}"))


def _end(counts: Counter[Choice], *, dry_run: bool) -> None:
    if not counts.total():
        warn("There is no such dead letter: see `provisioner dead-letters list`.")
        raise typer.Exit(FAILED)
    what = "would be sent" if dry_run else "were sent"
    left = "".join(f" {counts[choice]:,} {why}." for choice, why in _LEFT.items() if counts[choice])
    err.print(f"{counts[Choice.SEND]:,} dead letters {what}.{left}", highlight=False, soft_wrap=True)
    if not counts[Choice.SEND]:
        raise typer.Exit(FAILED)
    if counts[Choice.DEAD_LETTER_AGAIN] or counts[Choice.IMPOSSIBLE]:
        raise typer.Exit(DIFFERENT)
