"""`provisioner simulate`: vendors and events, for trying the service out where the real ones can't be had."""

import asyncio
import base64
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from confluent_kafka import Producer

from consumer import collector
from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.codec.registry import open_registry
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.configuration.loading import load_settings, load_tenants
from consumer.demo.cast import INSTITUTIONS
from consumer.errors import Stop
from consumer.events import Provider
from consumer.kafka import producer_config
from consumer.secrets import opener
from consumer.simulators.encoding import Encoder
from consumer.simulators.events import PLAIN, EventStream
from consumer.simulators.temper import Latency, Rule
from consumer.simulators.vendors import Institution
from consumer.simulators.world import World

app = typer.Typer(no_args_is_help=True, help="Vendors and events, where the real ones can't be had.")

_QUEUE_FULL_PAUSE = 0.5


@app.command()
def vendors(
    directory: Annotated[Path, typer.Option(help="Where certificates, secrets and the tenants' files are written.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host name of this machine; the first stands in the URLs that are written. Repeatable."),
    ] = None,
    institutions: Annotated[int, typer.Option(min=1, help="How many.")] = len(INSTITUTIONS),
    latency: Annotated[float, typer.Option(min=0, help="Seconds that every call takes.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the vendors' chance: ids, lag, latency.")] = 1,
) -> None:
    """Serve Graph, Google, Mailgun and a schema registry until stopped; write the configuration of the institutions."""
    more = [_another(number) for number in range(len(INSTITUTIONS) + 1, institutions + 1)]
    world = World([*INSTITUTIONS, *more][:institutions], directory.resolve(), clock=time.time, seed=seed)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(world, host, name or (), latency))


@app.command()
def events(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events, byte for byte.")] = 1,
    plain: Annotated[bool, typer.Option(help="One event for each student, and nothing else.")] = False,
) -> None:
    """Put status events about made-up students of the configured tenants onto the topic."""
    settings = load_settings(config, os.environ)
    tenants = [tenant for tenant, _ in load_tenants(settings.tenants_dir)]
    registry = open_registry(settings.registry, opener(os.environ))
    topic = settings.kafka.topics.status_changed
    ident = registry.id_of(f"{topic}-value", schema_text(STATUS_CHANGED))
    registry.close()
    mix = PLAIN if plain else None
    stream = EventStream(
        seed=seed, tenants=tenants, students=students, encoder=Encoder(schema(STATUS_CHANGED), ident), mix=mix
    )
    producer = Producer(producer_config(settings.kafka, name="simulated-sis"))
    count = 0
    for record in stream:
        _produce(producer, topic, record.value, record.key)
        count += 1
    if left := producer.flush(60):
        raise Stop(f"Kafka has not taken {left} of {count} events.")
    out.print(f"{count} events about {students} students are on `{topic}`.")


def _produce(producer: Producer, topic: str, value: bytes | None, key: bytes) -> None:
    while True:
        try:
            producer.produce(topic, value, key)
        except BufferError:
            producer.poll(_QUEUE_FULL_PAUSE)
        else:
            return


def _another(number: int) -> Institution:
    return Institution(f"school-{number:03d}", f"School {number}", (Provider.MICROSOFT,))


async def _serve(world: World, host: str, names: Sequence[str], latency: float) -> None:
    for label in names[1:]:
        world.authority.issue(label, names)
    async with world.server(host=host, names=names) as server:
        if latency:
            server.tempers.set([Rule(route="*", temper=Latency(low=latency, high=latency))])
        reached_as = names[0] if names else None
        folder = world.write_tenants(world.tenants(server, host=reached_as))
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        (world.directory / "vault.key").write_text(key, encoding="utf-8")
        urls = "\n".join(f"{vendor}: {server.url(vendor, host=reached_as)}" for vendor in server.names)
        (world.directory / "ready").write_text(urls + "\n", encoding="utf-8")
        out.print(urls, highlight=False)
        out.print(f"Tenants: {folder}; certificate authority: {world.authority.ca_file}. Ctrl-C ends it.")
        collector.settle()
        await asyncio.Event().wait()
