"""`provisioner reconcile`: compares a tenant's directories with the ledger. See docs/operations.md."""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from consumer.cli.console import DEFAULT_SERVICE_FILE, DIFFERENT, INTERRUPTED, ServiceFile, err, out
from consumer.cli.ledger import opened
from consumer.cli.operator import By, Reason, operator
from consumer.cli.tenants import tenant_of
from consumer.configuration.loading import load_settings
from consumer.http.proxy import open_proxies
from consumer.ledger.acts import ActKind, Recording
from consumer.observe.metrics import Metrics
from consumer.reconcile.connections import Connections
from consumer.reconcile.finding import Finding
from consumer.reconcile.run import Reconciler, Summary, Task
from consumer.secrets import opener

app = typer.Typer(add_completion=False)

Sink = Callable[[Finding], None]


@app.command()
def reconcile(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Have the service set right what it may: see docs/operations.md.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Also write the findings to this file, one JSON object a line.", show_default=False),
    ] = None,
    reason: Reason = "",
    by: By = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")] = False,
) -> None:
    """Compare a tenant's directories with the ledger, and list the accounts that differ.

    Changes nothing, at the vendors or in the ledger; with --repair, students whose accounts the service may set right become due. Safe
    while replicas run, within a share of the vendors' limits. After an interruption, the same command continues from there.
    Exit status 0: nothing differs; 3: something does; 1: a person must act first; 75: try again later; 130: interrupted.
    """
    repairing = operator(by, reason) if repair else None
    settings = load_settings(config, os.environ)
    known = tenant_of(settings, tenant)
    open_secret = opener(os.environ)
    proxies = open_proxies(settings.proxy, open_secret, os.environ)
    with opened(settings, name="reconcile") as engine, _written(report) as write, err.status("Reconciling …") as status:
        show = _print_json if as_json else _print_line

        def found(finding: Finding) -> None:
            show(finding)
            write(finding)

        def progress(what: str, count: int) -> None:
            status.update(f"Reconciling: {what} {count:,} …")

        connections = Connections(settings, engine, open_secret, Metrics(CollectorRegistry()), proxies)
        reconciler = Reconciler(connections, holder=f"reconcile/{os.getpid()}/{secrets.token_hex(4)}")
        try:
            recording = Recording(ActKind.DIFFERENCES_REPAIRED, repairing, tenant_id=known.id) if repairing else None
            summary = asyncio.run(reconciler.reconcile(Task(known, repair, found, progress, recording)))
        except KeyboardInterrupt:
            err.print("Interrupted. The same command continues from here.", style="yellow")
            raise typer.Exit(INTERRUPTED) from None
    _print_summary(summary, repair=repair)
    if summary.findings:
        raise typer.Exit(DIFFERENT)


@contextmanager
def _written(report: Path | None) -> Generator[Sink]:
    if report is None:
        yield lambda _: None
        return
    with report.open("w", encoding="utf-8") as file:
        yield lambda finding: print(_line(finding), file=file, flush=True)


def _line(finding: Finding) -> str:
    about = {
        "kind": finding.kind,
        "provider": finding.provider,
        "student_id": finding.student_id,
        "object_id": finding.object_id,
    }
    return json.dumps(about)


def _print_json(finding: Finding) -> None:
    out.print(_line(finding), soft_wrap=True, markup=False, highlight=False)


def _print_line(finding: Finding) -> None:
    """An id is whatever a producer wrote: shown so that it cannot control the terminal."""
    student = "-" if finding.student_id is None else ascii(finding.student_id)[1:-1]
    line = f"{finding.kind:<12} {finding.provider:<9} {finding.object_id or '-':<36} {student}"
    out.print(line, soft_wrap=True, markup=False, highlight=False)


def _print_summary(summary: Summary, *, repair: bool) -> None:
    counted = [f"{count:,} {kind} ({provider})" for (provider, kind), count in sorted(summary.findings.items())]
    lines = [
        f"{summary.accounts:,} accounts compared: {', '.join(counted) or 'nothing differs'}.",
        *([f"{summary.left_out:,} left out: work on them is planned, or was recent."] if summary.left_out else []),
        *([f"{summary.again:,} students are due."] if repair else []),
    ]
    for line in lines:
        err.print(line, soft_wrap=True, markup=False, highlight=False)
