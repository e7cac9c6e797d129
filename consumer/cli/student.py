"""`provisioner student`: what became of a student, and why. See docs/operations.md."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, ServiceFile, err, out
from consumer.cli.ledger import opened
from consumer.configuration.loading import load_settings
from consumer.ledger.student_record import StudentRecords
from consumer.story.narrative import Sentence, Story, story

app = typer.Typer(no_args_is_help=True, help="Tell what became of a student, and why.")

_UNKNOWN = (
    "No event of `{student}` was accepted for `{tenant}`: none was sent, its status asks for nothing, or it became a dead letter. "
    "`provisioner config explain` shows what a status asks for."
)


@app.callback()
def student() -> None:
    """Tell what became of a student, and why."""


@app.command(epilog="Example: provisioner student show north-high S000123")
def show(
    tenant_id: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)],
    student_id: Annotated[str, typer.Argument(help="The SIS's id of the student.", show_default=False)],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    names: Annotated[
        bool, typer.Option("--names", help="With the sign-in addresses, which are personal data.")
    ] = False,
) -> None:
    """Tell a student's story: what the SIS reported, what was decided and done, what it waits for, and what a person can do now.

    Only reads. Exit status 1 where nothing is known of the student.
    """
    with opened(load_settings(config, os.environ), name="student") as engine:
        record = StudentRecords(engine).of(tenant_id, student_id)
    if record is None:
        text = _UNKNOWN.format(student=student_id, tenant=tenant_id)
        err.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED)
    shown = story(record, now=datetime.now(UTC), names=names)
    if as_json:
        typer.echo(json.dumps(asdict(shown), default=_iso, ensure_ascii=False, indent=2))
        return
    for line in _lines(shown):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


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


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError
