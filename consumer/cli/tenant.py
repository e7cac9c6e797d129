"""`provisioner tenant`: show and end a tenant's waits, and show what is parked. See docs/operations.md."""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, AsJson, ServiceFile, document, say, warn
from consumer.cli.ledger import opened
from consumer.cli.operator import By, Reason, operator
from consumer.configuration.loading import load_settings
from consumer.ledger.holds import Holds
from consumer.ledger.inspect import Inspection, TenantWait

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Show and end a tenant's waits; show parked events.")

_MOST = 100

Tenant = Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)]


@dataclass(frozen=True, slots=True)
class ResumedTenant:
    """How many waits of the tenant's services were ended, and how many of its students are due at once."""

    tenant_id: str
    services: int
    students: int


@app.callback()
def tenant() -> None:
    """Show and end a tenant's waits; show parked events."""


@app.command(epilog="Example: provisioner tenant waits north-high")
def waits(tenant_id: Tenant, config: ServiceFile = DEFAULT_SERVICE_FILE, *, as_json: AsJson = False) -> None:
    """List a tenant's services that are currently waiting, with the reason. Only reads."""
    with opened(load_settings(config, os.environ), name="tenant") as engine:
        found = Inspection(engine).tenant_waits(tenant_id)
    if as_json:
        document(found)
        return
    if not found:
        say(f"`{tenant_id}` has no waiting services.")
    for wait in found:
        say(_line(wait))


@app.command(epilog="Example: provisioner tenant resume north-high --reason 'consent is granted again'")
def resume(
    tenant_id: Tenant,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    service: Annotated[
        str | None, typer.Option(help="Only this service and its parts, such as `microsoft` or `microsoft/groups/ID`.")
    ] = None,
    reason: Reason = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """End the waits of a tenant: its services are called again, and its waiting students are due at once.

    Safe while replicas run. If the cause persists, the tenant waits again after the next call.
    """
    who = operator(by, reason)
    with opened(load_settings(config, os.environ), name="tenant") as engine:
        resumed = Holds(engine).resume(tenant_id, service, who)
    if as_json:
        document(ResumedTenant(tenant_id, resumed.services, resumed.students))
        return
    say(f"{resumed.services:,} service waits ended; {resumed.students:,} students are due.")
    if not resumed.services and not resumed.students:
        warn(f"`{tenant_id}` had nothing waiting: see `provisioner tenant waits`.")


@app.command(epilog="Example: provisioner tenant parked")
def parked(config: ServiceFile = DEFAULT_SERVICE_FILE, *, as_json: AsJson = False) -> None:
    """List tenant ids without a file whose events are parked, with the number of events. Only reads."""
    with opened(load_settings(config, os.environ), name="tenant") as engine:
        found = Inspection(engine).parked_tenants(limit=_MOST)
    if as_json:
        document(found)
        return
    if not found:
        say("No events are parked.")
    for one in found:
        # The id is whatever a producer wrote: shown so that it cannot control the terminal.
        say(f"{one.tenant_id!a}: {one.records:,} events since {one.since:%Y-%m-%d %H:%M:%S %Z}")


def _line(wait: TenantWait) -> str:
    why = " ".join(filter(None, (wait.reason, f"({wait.code})" if wait.code else None))) or "rate limited"
    since = f" since {wait.since:%Y-%m-%d %H:%M:%S %Z}," if wait.since else ""
    act = "; a person must act" if wait.held else ""
    return f"{wait.service}: {why},{since} until {wait.until:%Y-%m-%d %H:%M:%S %Z}{act}"
