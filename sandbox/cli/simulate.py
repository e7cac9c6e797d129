"""`provisioner simulate`: an installation to try the service out with, status events for it, and a look at what came of them."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
import uvloop

from consumer import collector
from consumer.cli.console import DEFAULT_SERVICE_FILE, Attributes, ServiceFile, named, out
from consumer.configuration.loading import load_settings, load_tenants
from consumer.errors import Stop
from consumer.events import Provider, student_key
from consumer.kafka import opened
from consumer.secrets import opener
from consumer.tenants import Tenant
from sandbox.cli.sending import encoder, put
from sandbox.demo import inspection
from sandbox.demo.display import as_the_student_sees_it
from sandbox.demo.installation import Installation, open_installation
from sandbox.demo.institutions import INSTITUTIONS
from sandbox.simulators.events import PLAIN, EventStream
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Start simulated vendors, Kafka and PostgreSQL, send status events, and inspect the results.",
    epilog="Start with: provisioner simulate vendors --directory sim. docs/first-school.md continues from there.",
)


@app.command()
def vendors(
    directory: Annotated[Path, typer.Option(help="Where service.yaml, tenants, certificates and secrets are written.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host name of this machine; the first stands in the URLs that are written. Repeatable."),
    ] = None,
    kafka: Annotated[
        str | None, typer.Option(help="Bootstrap servers of your Kafka; without it, one is started that keeps nothing.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="URL of your PostgreSQL; without it, one is started that keeps nothing.")
    ] = None,
    institutions: Annotated[int, typer.Option(min=1, help="How many.")] = len(INSTITUTIONS),
    latency: Annotated[float, typer.Option(min=0, help="Seconds that every vendor call takes.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the vendors' chance: ids, lag, latency.")] = 1,
) -> None:
    """Start simulated vendors, a registry, a Kafka and a PostgreSQL, and write a service.yaml that runs with them.

    They run until Ctrl-C. Then accounts, mails, events and tables are gone.
    """
    more = [_another(number) for number in range(len(INSTITUTIONS) + 1, institutions + 1)]
    world = World([*INSTITUTIONS, *more][:institutions], directory.resolve(), clock=time.time, seed=seed)

    async def serve() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with open_installation(
            world, host=host, names=name or (), kafka=kafka, database=database, latency=latency
        ) as running:
            _announce(running, directory)
            collector.settle()
            await stopped.wait()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())
    except OSError as error:
        if error.filename:
            raise
        raise Stop(f"The simulators cannot listen on {host}: {error.strerror}.") from error


@app.command()
def student(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="The tenant's id; the first one's where it is left out.")] = None,
    status: Annotated[
        str | None, typer.Option(help="The status's id; the first one's that acts where it is left out.")
    ] = None,
    student_id: Annotated[str, typer.Option(help="The SIS's id of the student.")] = "S-1001",
    given_name: Annotated[str, typer.Option(help="Given names.")] = "Maria",
    family_name: Annotated[str, typer.Option(help="Family name.")] = "Rossi",
    contact_email: Annotated[str, typer.Option(help="Where the welcome mail goes.")] = "maria.rossi@home.example",
    language: Annotated[
        str | None, typer.Option(help="Preferred language, such as `en`; the school's own where it is left out.")
    ] = None,
    attribute: Attributes = None,
) -> None:
    """Put one status event about one student onto the topic, as a student information system would."""
    settings = load_settings(config, os.environ)
    known = {one.id: one for one, _ in load_tenants(settings.tenants_dir)}
    chosen = known.get(tenant or next(iter(known)))
    if chosen is None:
        raise typer.BadParameter(f"there is no `{tenant}`; there are {', '.join(known)}", param_hint="--tenant")
    event: dict[str, Any] = {
        "event_id": str(uuid4()),
        "occurred_at": datetime.now(UTC),
        "tenant_id": chosen.id,
        "version": time.time_ns() // 1_000_000,  # rises from one call to the next
        "status": _status(chosen, status),
        "student": {
            "student_id": student_id,
            "given_name": given_name,
            "family_name": family_name,
            "contact_email": contact_email,
            "preferred_language": language,
            "attributes": named(attribute),
        },
    }
    put(settings, [(student_key(chosen.id, student_id), encoder(settings).encode(event))])
    topic = settings.kafka.topics.status_changed
    out.print(
        f"`{topic}` has an event: student {student_id} of {chosen.id} is now `{event['status']['id']}`.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def events(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events, byte for byte.")] = 1,
    plain: Annotated[bool, typer.Option(help="One event for each student, and nothing else.")] = False,
) -> None:
    """Put status events about many made-up students of all tenants onto the topic, broken and late ones among them."""
    settings = load_settings(config, os.environ)
    tenants = [tenant for tenant, _ in load_tenants(settings.tenants_dir)]
    mix = PLAIN if plain else None
    stream = EventStream(seed=seed, tenants=tenants, students=students, encoder=encoder(settings), mix=mix)
    count = put(settings, ((record.key, record.value) for record in stream))
    out.print(f"{count} events about {students} students are on `{settings.kafka.topics.status_changed}`.")


@app.command()
def accounts(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """List the students' accounts in the simulated Microsoft 365 and Google Workspace."""
    found = list(inspection.accounts(_tenants(config)))
    for account in found:
        given = (
            f" ({account.licences} licences, {account.groups} groups)" if account.provider is Provider.MICROSOFT else ""
        )
        line = f"{account.tenant_id}: {account.provider} {account.address}, object id {account.object_id}{given}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    out.print(f"Accounts: {len(found)}.")


@app.command()
def mails(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    recipient: Annotated[str | None, typer.Option(help="Only of this address.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, counted from the newest.")] = 1,
) -> None:
    """Show the newest mails that the simulated Mailgun accepted."""
    found = inspection.mails(_tenants(config), recipient)
    for mail in found[-last:]:
        out.print(as_the_student_sees_it(mail))
    out.print(f"Mails: {len(found)}.")


@app.command()
def outcomes(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Print what the service published, one JSON object a line. Works with every Kafka, not only a simulated one."""
    for event in inspection.outcomes(opened(load_settings(config, os.environ).kafka, opener(os.environ))):
        line = json.dumps(event, default=_in_json, ensure_ascii=False)
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _announce(running: Installation, directory: Path) -> None:
    urls = "\n".join(f"{vendor}: {url}" for vendor, url in running.urls.items())
    (directory / "ready").write_text(f"{urls}\n", encoding="utf-8")
    lines = (
        ("service file", f"{directory / 'service.yaml'}, for: export PROVISIONER_CONFIG={directory / 'service.yaml'}"),
        ("tenants", f"{directory / 'tenants'}/*.yaml"),
        *((vendor, url) for vendor, url in running.urls.items()),
        ("Kafka", running.kafka),
        ("PostgreSQL", running.database),
        ("health", f"{running.health}/readyz, once `provisioner run` is started"),
        ("mailbox", f"provisioner simulate mails, or {running.urls['mailgun']}/_simulator/mailbox"),
        ("accounts", "provisioner simulate accounts"),
    )
    for label, text in lines:
        out.print(f"{label:<13} {text}", highlight=False, markup=False, soft_wrap=True)
    out.print("Ready. Ctrl-C ends it; accounts, mails, events and tables are gone then.")


def _in_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _status(tenant: Tenant, wanted: str | None) -> dict[str, Any]:
    rows = {row.id: row for row in tenant.statuses}
    acting = [row.id for row in tenant.statuses if row.provider_action]
    row = rows.get(wanted or next(iter(acting), ""))
    if row is None:
        raise typer.BadParameter(f"{tenant.id} has the statuses {', '.join(rows)}", param_hint="--status")
    return {"id": row.id, "name": row.name, "type": row.type}


def _tenants(config: Path) -> Sequence[Tenant]:
    return [tenant for tenant, _ in load_tenants(load_settings(config, os.environ).tenants_dir)]


def _another(number: int) -> Institution:
    return Institution(f"school-{number:03d}", f"School {number}", (Provider.MICROSOFT,))
