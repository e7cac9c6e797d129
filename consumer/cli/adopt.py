"""`provisioner adopt`: marks accounts that were made in another way as students'. See docs/operations.md."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from consumer.cli.console import DEFAULT_SERVICE_FILE, DIFFERENT, FAILED, INTERRUPTED, ServiceFile, err, out
from consumer.cli.ledger import opened
from consumer.cli.operator import By, Reason, operator
from consumer.cli.tenants import tenant_of
from consumer.configuration.loading import load_settings
from consumer.events import Provider
from consumer.http.proxy import open_proxies
from consumer.ledger.acts import Operator
from consumer.ledger.adoptions import Adoptions
from consumer.observe.metrics import Metrics
from consumer.reconcile.adopting import Adopting
from consumer.reconcile.connections import Connections
from consumer.reconcile.judgement import Judged, Verdict, chosen, digest
from consumer.reconcile.matches import Match, read_matches
from consumer.secrets import opener
from consumer.settings import Settings
from consumer.tenants import Tenant

app = typer.Typer(add_completion=False)


@app.command()
def adopt(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    matches: Annotated[
        Path, typer.Option("--from", help="A CSV file with the columns student_id,account.", show_default=False)
    ],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    provider: Annotated[
        str | None, typer.Option(help="Where the accounts are: microsoft or google. Needed where the tenant has both.")
    ] = None,
    approved: Annotated[
        str | None, typer.Option("--digest", help="Adopt the accounts of the list with this digest.")
    ] = None,
    doubts: Annotated[bool, typer.Option("--doubts", help="Take doubtful accounts too.")] = False,
    reason: Reason = "",
    by: By = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")] = False,
) -> None:
    """List which accounts of a file may be adopted for their students; with --digest, mark exactly those of that list.

    Without --digest, nothing is changed. Roles, markers and the ledger are looked at both times: if the list has changed meanwhile, its
    digest has too, and nothing is marked. May be repeated after an interruption.
    Exit status 0: all lines may be, or are adopted; 3: some are doubtful, refused or failed; 1: the list has changed, or a person must act.
    """
    who = Operator("") if approved is None else operator(by, reason)  # a look writes nothing
    lines = read_matches(matches)
    settings = load_settings(config, os.environ)
    known = tenant_of(settings, tenant)
    at = _provider(known, provider)
    with opened(settings, name="adopt") as engine:
        try:
            kept = Adoptions(engine, known.id, at, who)
            status = asyncio.run(
                _adopt(settings, engine, known, at, kept, lines, approved, doubts=doubts, as_json=as_json)
            )
        except KeyboardInterrupt:
            err.print("Interrupted. The same command continues from here.", style="yellow")
            raise typer.Exit(INTERRUPTED) from None
    if status:
        raise typer.Exit(status)


async def _adopt(
    settings: Settings,
    engine: Engine,
    tenant: Tenant,
    provider: Provider,
    kept: Adoptions,
    lines: Sequence[Match],
    approved: str | None,
    *,
    doubts: bool,
    as_json: bool,
) -> int:
    open_secret = opener(os.environ)
    proxies = open_proxies(settings.proxy, open_secret, os.environ)
    connections = Connections(settings, engine, open_secret, Metrics(CollectorRegistry()), proxies)
    async with connections.to(tenant) as directories:
        adopting = Adopting(tenant, directories[provider], kept)
        with err.status("Looking …") as status:
            judged = await adopting.look(lines, lambda count: status.update(f"Looked at {count:,} accounts …"))
        taken = chosen(judged, doubts=doubts)
        found = digest(taken, tenant_id=tenant.id, provider=provider)
        if approved is None or approved != found:
            for one in judged:
                _print(one, as_json=as_json)
            _print_summary(judged)
            if approved is not None:
                err.print(f"The list has changed: its digest is {found} now. Nothing was marked.", style="red")
                return FAILED
            err.print(f"{len(taken):,} would be adopted. To adopt them: --digest {found}", highlight=False)
            return DIFFERENT if len(taken) < len(judged) else 0
        with err.status("Adopting …") as status:
            failed = await adopting.adopt(
                taken,
                digest=found,
                progress=lambda count: status.update(f"Adopted {count:,} of {len(taken):,} …"),
            )
    for match in failed:
        err.print(f"line {match.line}: the provider did not let the account be marked.", style="yellow")
    err.print(f"{len(taken) - len(failed):,} accounts are adopted.", highlight=False)
    return DIFFERENT if failed or len(taken) < len(judged) else 0


def _provider(tenant: Tenant, wanted: str | None) -> Provider:
    if wanted is None and len(tenant.providers) == 1:
        return tenant.providers[0]
    if wanted not in {at.value for at in tenant.providers}:
        known = " or ".join(at.value for at in tenant.providers)
        raise typer.BadParameter(f"give {known}", param_hint="--provider")
    return Provider(wanted)


def _print(one: Judged, *, as_json: bool) -> None:
    """The account is named by its object id: an address is personal."""
    object_id, cause = one.found.object_id if one.found else None, one.cause.name.lower() if one.cause else None
    if as_json:
        about = {
            "line": one.match.line,
            "verdict": one.verdict,
            "cause": cause,
            "student_id": one.match.student_id,
            "object_id": object_id,
        }
        out.print(json.dumps(about), soft_wrap=True, markup=False, highlight=False)
        return
    why = f"  {one.cause}" if one.cause else ""
    student = ascii(one.match.student_id)[1:-1]
    line = f"line {one.match.line:<6} {one.verdict:<8} {object_id or '-':<36} {student}{why}"
    out.print(line, soft_wrap=True, markup=False, highlight=False)


def _print_summary(judged: Sequence[Judged]) -> None:
    counts = [(verdict, sum(one.verdict is verdict for one in judged)) for verdict in Verdict]
    err.print(", ".join(f"{count:,} {verdict}" for verdict, count in counts if count) + ".", highlight=False)
