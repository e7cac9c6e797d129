"""`provisioner mail`: what became of a student's mails. See docs/operations.md."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, AsJson, ServiceFile, document, say, warn
from consumer.cli.ledger import opened
from consumer.cli.tenants import tenant_of
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import Misconfigured, printable
from consumer.ledger.inspect import Inspection
from consumer.ledger.mails import Mails
from consumer.providers.names import PROVIDER_NAMES
from consumer.settings import Settings
from consumer.story.mails import MailNote, mail_notes
from consumer.tenants import Tenant

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Show what became of a student's mails.")

_NAMES = {"welcome": "welcome mail", "notice": "notice of the deletion"}


@dataclass(frozen=True, slots=True)
class StudentMails:
    """Of each account that the student has, the welcome mail and, where there is to be one, the notice of its deletion."""

    tenant_id: str
    student_id: str
    mails: Sequence[MailNote]


@app.callback()
def mail() -> None:
    """Show what became of a student's mails."""


@app.command(epilog="Example: provisioner mail show north-high S000123")
def show(
    tenant_id: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)],
    student_id: Annotated[str, typer.Argument(help="The SIS's id of the student.", show_default=False)],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    names: Annotated[
        bool, typer.Option("--names", help="With the recipient's address, which is personal data.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a student's welcome mail and notices stand, with Message-Id, time and reason. Never the password.

    Only reads. Exit status 1 where nothing is known of the student.
    """
    settings = load_settings(config, os.environ)
    with opened(settings, name="mail") as engine:
        if Inspection(engine).student(tenant_id, student_id) is None:
            warn(
                f"No event of `{printable(student_id)}` was accepted for `{printable(tenant_id)}`: `provisioner student show` says what "
                "that may mean."
            )
            raise typer.Exit(FAILED)
        records = Mails(engine).of(tenant_id, student_id)
    notes = mail_notes(student_id, records, _tenant(settings, tenant_id), now=datetime.now(UTC), names=names)
    if as_json:
        document(StudentMails(tenant_id, student_id, notes))
        return
    if not notes:
        say("The student has no account, so that there is no mail: `provisioner student show` says what it waits for.")
    for note in notes:
        for line in _lines(note):
            say(printable(line))


def _tenant(settings: Settings, tenant_id: str) -> Tenant | None:
    """None where it is not configured any more, or its file holds mistakes."""
    try:
        return tenant_of(settings, tenant_id)
    except (typer.BadParameter, Misconfigured):
        return None


def _lines(note: MailNote) -> Iterator[str]:
    at = f" since {note.at:%Y-%m-%d %H:%M:%S %Z}" if note.at else ""
    yield f"{PROVIDER_NAMES[note.provider]}: {_NAMES[note.mail]}: {note.state}{at}. {note.sentence}"
    known = {"Message-Id": note.message_id, "reason": note.reason, "code": note.code, "request_id": note.request_id}
    if evidence := ", ".join(f"{name} {value}" for name, value in known.items() if value):
        yield f"  [{evidence}]"
    if note.to:
        yield f"  To: {note.to}"
    if note.next_try:
        yield f"  Tried again at {note.next_try:%Y-%m-%d %H:%M:%S %Z}."
    if note.password_until:
        yield f"  Its password is kept until {note.password_until:%Y-%m-%d %H:%M:%S %Z}."
    if note.remedy:
        yield f"  To do: {note.remedy}"
