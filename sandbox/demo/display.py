"""Terminal output: progress bars while the service works, then the result."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from consumer.tenants import Tenant
from sandbox.demo.ledger_view import LedgerProgress
from sandbox.demo.report import Report
from sandbox.demo.year import Act
from sandbox.simulators.mailgun.mailbox import Mail

_FATES = ("applied", "superseded", "duplicate", "skipped", "dead_letter", "failed")


class Live:
    """Bars that fill as the service works."""

    def __init__(self, *, events: int, accounts: Mapping[str, int], names: Mapping[str, str]) -> None:
        self.bars = Progress(
            TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), expand=False
        )
        self._events = self.bars.add_task("events settled", total=events)
        self._accounts = {
            tenant: self.bars.add_task(f"accounts, {names[tenant]}", total=total) for tenant, total in accounts.items()
        }
        self._outcomes = self.bars.add_task("outcomes published", total=None)

    def show(self, counts: LedgerProgress, *, seen: int) -> None:
        """How far everything is; `seen` counts the events that intake has dealt with."""
        self.bars.update(self._events, completed=max(0, seen - counts.dispositions.get("pending", 0)))
        for tenant, task in self._accounts.items():
            self.bars.update(task, completed=counts.accounts.get(tenant, 0))
        self.bars.update(self._outcomes, total=counts.outcomes or None, completed=counts.outcomes - counts.unpublished)


def outcome_table(report: Report, tenants: Sequence[Tenant]) -> Table:
    """Events by what became of them, accounts and mails, an institution in each column: narrow enough for any terminal."""
    names = {tenant.id: tenant.name for tenant in tenants}
    columns = sorted(report.fates, key=lambda tenant: names.get(tenant, "~"))
    table = Table(title="what became of the events, and of the students")
    table.add_column("", no_wrap=True)
    for tenant in columns:
        table.add_column(names.get(tenant, "(not configured)"), justify="right")
    for fate in _FATES:
        counts = (str(report.fates[tenant][fate] or "·") for tenant in columns)
        table.add_row(f"events: {fate.replace('_', ' ')}", *counts, end_section=fate == _FATES[-1])
    table.add_row("accounts", *(str(report.accounts[tenant]) for tenant in columns))
    table.add_row("mails that open one", *(str(report.mails[tenant]) for tenant in columns))
    return table


def topic_table(outcomes: Mapping[str, int]) -> Table:
    """What is on the topics downstream."""
    table = Table("topic", "records")
    table.columns[1].justify = "right"
    for topic, count in sorted(outcomes.items()):
        table.add_row(topic, str(count))
    return table


def year_table(acts: Sequence[Act]) -> Table:
    """What the institution reports, and what the service reports of it on `account-changed`."""
    table = Table(title="the rest of the year, and what the service reports of it")
    table.add_column("the school reports")
    table.add_column("events", justify="right")
    table.add_column("account-changed")
    for act in acts:
        said = [f"{change.value.replace('_', ' ')} {count}" for change, count in act.found.items()]
        parked = [f"[bold]parked {act.parked}[/bold]"] if act.parked else []
        table.add_row(
            act.title,
            str(len(act.records)),
            ", ".join([*said, *parked]),
            style="" if act.right else "red",
        )
    return table


def as_the_student_sees_it(mail: Mail) -> RenderableType:
    """One welcome mail."""
    head = Text.assemble(
        ("From:    ", "dim"),
        mail.sender,
        "\n",
        ("To:      ", "dim"),
        mail.recipient,
        "\n",
        ("Subject: ", "dim"),
        (mail.subject, "bold"),
    )
    return Panel(
        Group(head, Text(""), Text((mail.text or "").strip())), title="a welcome mail, as the student sees it", width=92
    )


def failed_student(event: Mapping[str, object], student_id: str) -> RenderableType:
    """The outcome event of a student whom the vendor would not take."""
    text = Text.assemble(
        f"Student {student_id} has no account. Published on `account-provisioning-failed`:\n\n",
        (json.dumps(event, indent=2, ensure_ascii=False, default=str), "cyan"),
        "\n\nCorrect the record in the SIS: the student's next event is tried anew.",
    )
    return Panel(text, title="a failed student, explained", width=92)


def where_next(console: Console, *, port: int, keep: bool) -> None:
    """Where to look from here."""
    console.print("[bold]Where to look next[/bold]")
    console.print("  docs/first-school.md   the same by hand: from an empty folder to the first account")
    console.print("  README.md              how to run it on your own cluster")
    console.print("  docs/architecture.md   why nothing is lost and nothing happens twice")
    console.print("  docs/events.md         the topics, for those who write and those who subscribe")
    if keep:
        console.print(f"  http://127.0.0.1:{port}/metrics   live, until Ctrl-C")
    else:
        console.print("  make demo KEEP=1       stays up, with its metrics open")
