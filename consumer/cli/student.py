"""`provisioner student`: what became of a student and why, who of a tenant waits, and another try. See docs/operations.md."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, AsJson, ServiceFile, document, err, say, warn
from consumer.cli.ledger import opened
from consumer.cli.operator import By, Reason, Since, moment, operator
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.ledger.holds import Holds
from consumer.ledger.lookup import Handle, Lookup, Whose
from consumer.ledger.student_lists import ListedStudent, StudentLists
from consumer.ledger.student_record import StudentRecord, StudentRecords
from consumer.story.narrative import Sentence, Story, story, waiting_services

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Tell what became of students, and have one tried again."
)

_UNKNOWN = (
    "No event of `{student}` was accepted for `{tenant}`: none was sent, its status asks for nothing, or it became a dead letter. "
    "`provisioner config explain` shows what a status asks for."
)
_NOT_FOUND = {
    Handle.ADDRESS: "No student's account has or had this sign-in address. An address of another account is not in the ledger.",
    Handle.OBJECT_ID: "No student's account has this object id. `provisioner reconcile` lists accounts that the ledger does not know.",
    Handle.EVENT_ID: 'No event and no outcome with this id is kept: see "What the ledger keeps, and for how long" in docs/operations.md.',
    Handle.MESSAGE_ID: "It is not the newest welcome mail or notice of any account. An earlier one is found at Mailgun.",
}

TenantId = Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)]
StudentId = Annotated[str, typer.Argument(help="The SIS's id of the student.", show_default=False)]


@dataclass(frozen=True, slots=True)
class Retried:
    """Whether the student was made due, and what happens next. `waiting_services`: of the tenant, which the try may meet."""

    tenant_id: str
    student_id: str
    due: bool
    next_step: str
    waiting_services: Sequence[str]


@app.callback()
def student() -> None:
    """Tell what became of students, and have one tried again."""


@app.command(epilog="Example: provisioner student show north-high S000123")
def show(
    tenant_id: Annotated[str | None, typer.Argument(help="The tenant's id.", show_default=False)] = None,
    student_id: Annotated[str | None, typer.Argument(help="The SIS's id of the student.", show_default=False)] = None,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    address: Annotated[str | None, typer.Option(help="Of the student whose sign-in address this is, or was.")] = None,
    object_id: Annotated[str | None, typer.Option(help="Of the student whose account has this object id.")] = None,
    event_id: Annotated[
        str | None, typer.Option(help="Of the student whom this event is about, or this outcome while it is kept.")
    ] = None,
    message_id: Annotated[
        str | None, typer.Option(help="Of the student whose newest welcome mail or notice has this Message-Id.")
    ] = None,
    as_json: AsJson = False,
    names: Annotated[
        bool, typer.Option("--names", help="With the sign-in addresses, which are personal data.")
    ] = False,
) -> None:
    """Tell a student's story: what the SIS reported, what was decided and done, what it waits for, and what a person can do now.

    The student is named by tenant and id, or by one of the options. Only reads. Exit status 1 where nothing is known of the student.
    """
    given = {
        Handle.ADDRESS: address,
        Handle.OBJECT_ID: object_id,
        Handle.EVENT_ID: event_id,
        Handle.MESSAGE_ID: message_id,
    }
    handles = [(handle, value) for handle, value in given.items() if value is not None]
    if len(handles) + (student_id is not None) != 1:
        raise typer.BadParameter(
            "give the tenant and the student, or one of the options that name one", param_hint="TENANT_ID"
        )
    with opened(load_settings(config, os.environ), name="student") as engine:
        whose = _found(engine, *handles[0], tenant_id) if handles else Whose(tenant_id or "", student_id or "")
        record = _record(engine, whose)
    shown = story(record, now=datetime.now(UTC), names=names)
    if as_json:
        document(shown)
        return
    for line in _lines(shown):
        say(line)


@app.command("list", epilog="Example: provisioner student list --tenant north-high --held --reason licences_exhausted")
def list_students(
    tenant: Annotated[str, typer.Option(help="The tenant's id.", show_default=False)],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    held: Annotated[bool, typer.Option("--held", help="Those who wait for a person.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Those who could be worked now.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Those whose newest event failed for good.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="With --held or --failed: only for this reason, such as `licences_exhausted`.")
    ] = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """List a tenant's students: all of them, or those who are held, due or failed. Ids, no names.

    Only reads, page by page. With --json, one JSON object a line. --since is about when a student was held, became due or failed; without
    one of these, about when the newest event was accepted.
    """
    if held + due + failed > 1:
        raise typer.BadParameter("give one of --held, --due and --failed", param_hint="--held")
    if reason is not None and not (held or failed):
        raise typer.BadParameter("it needs --held or --failed", param_hint="--reason")
    begin = moment(since, now=datetime.now(UTC))
    count = 0
    with opened(load_settings(config, os.environ), name="student") as engine:
        lists = StudentLists(engine, tenant)
        for one in _listed(lists, held=held, due=due, failed=failed, reason=reason, since=begin):
            count += 1
            if as_json:
                document(one, indent=None)
            else:
                say(_listed_line(one))
    err.print(f"{count:,} students.", highlight=False)


@app.command(epilog="Example: provisioner student retry north-high S000123 --reason 'the address is free again'")
def retry(
    tenant_id: TenantId,
    student_id: StudentId,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    reason: Reason = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Have a student who waits tried again now. A hold ends where its cause is over; otherwise the student is held again.

    Safe while replicas run. It hands no account over: that is the provider action `release_account`, which a status asks for.
    Exit status 1 where nothing is known of the student, or nothing waits to be tried.
    """
    who = operator(by, reason)
    whose = Whose(tenant_id, student_id)
    with opened(load_settings(config, os.environ), name="student") as engine:
        _record(engine, whose)
        due = Holds(engine).retry(tenant_id, student_id, who)
        record = _record(engine, whose)
    now = datetime.now(UTC)
    answer = Retried(
        tenant_id,
        student_id,
        due,
        story(record, now=now).next_step,
        [wait.service for wait in waiting_services(record)],
    )
    if as_json:
        document(answer)
    else:
        say(f"{'The student is due. ' if due else ''}{answer.next_step}")
        for service in answer.waiting_services:
            warn(f"`{service}` waits for the whole school: `provisioner tenant resume {tenant_id}` ends that.")
    if not due and not _is_under_way(record, now):
        warn("Nothing waits to be tried. To have a student worked again, report the status again from the SIS.")
        raise typer.Exit(FAILED)


def _listed(
    lists: StudentLists, *, held: bool, due: bool, failed: bool, reason: str | None, since: datetime | None
) -> Iterator[ListedStudent]:
    if held:
        return lists.held(reason=reason, since=since)
    if due:
        return lists.due(since=since)
    return lists.failed(reason=reason, since=since) if failed else lists.all(since=since)


def _found(engine: Engine, handle: Handle, value: str, tenant_id: str | None) -> Whose:
    """Whom it is about. Ends the command where that is no student, or several."""
    found = [whose for whose in Lookup(engine).students(handle, value) if tenant_id in {None, whose.tenant_id}]
    if len(found) == 1:
        return found[0]
    if not found:
        warn(_NOT_FOUND[handle])
    for whose in found:
        warn(f"It may be `provisioner student show {printable(whose.tenant_id)} {printable(whose.student_id)}`.")
    raise typer.Exit(FAILED)


def _record(engine: Engine, whose: Whose) -> StudentRecord:
    """What is known of the student. Ends the command where nothing is."""
    record = StudentRecords(engine).of(whose.tenant_id, whose.student_id)
    if record is None:
        warn(_UNKNOWN.format(student=printable(whose.student_id), tenant=printable(whose.tenant_id)))
        raise typer.Exit(FAILED)
    return record


def _is_under_way(record: StudentRecord, now: datetime) -> bool:
    """Whether it is worked, or due."""
    state = record.state
    in_work = state.lease_until is not None and state.lease_until > now
    return in_work or (state.due_at is not None and state.due_at <= now)


def _lines(shown: Story) -> list[str]:
    return [
        f"Student {shown.student_id} of {shown.tenant_id}",
        "",
        *map(_line, shown.past),
        "",
        "Now",
        *(f"  {account}" for account in shown.accounts),
        *(f"  {_line(wait)}" for wait in shown.waits),
        f"  {shown.next_step}",
        *(f"  To do: {remedy}" for remedy in shown.remedies),
    ]


def _line(sentence: Sentence) -> str:
    evidence = ", ".join(f"{name} {value}" for name, value in sentence.evidence.items())
    return f"{sentence.at:%Y-%m-%d %H:%M:%S}  {sentence.text}{f'  [{evidence}]' if evidence else ''}"


def _listed_line(one: ListedStudent) -> str:
    about = "  ".join((f"{one.since:%Y-%m-%d %H:%M:%S}", f"{one.state:<8}", f"version {one.version}"))
    return f"{about}  {printable(one.student_id)}{f'  {printable(one.reason)}' if one.reason else ''}"
