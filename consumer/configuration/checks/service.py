"""The service's file apart from Kafka: database, registry, keys, times, and where it listens."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

import httpx

from consumer.codec.registry import open_registry
from consumer.configuration.checks.access import unopened
from consumer.configuration.document import Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.errors import Stop
from consumer.http.client import tls_context
from consumer.ledger.dsn import Dsn
from consumer.ledger.vault import open_vault
from consumer.secrets import SecretOpener
from consumer.settings import Settings

_DATABASE: Place = ("database", "url")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def mistakes(reading: Reading[Settings], settings: Settings, open_secret: SecretOpener | None) -> Iterator[Mistake]:
    """`open_secret` is None where secrets, keys and certificates are not at hand."""
    yield from _database(reading, settings)
    yield from _listening(reading, settings.http.host)
    yield from _times(reading, settings)
    yield from _key_ids(reading, settings)
    if open_secret:
        yield from unopened(reading, settings, open_secret)
        yield from _registry(reading, settings, open_secret)
        yield from _keys(reading, settings, open_secret)


def notices(reading: Reading[Settings], settings: Settings) -> Iterator[str]:
    """What is right for one process, and worth a look where there are several."""
    place: Place = ("kafka", "group_instance_id")
    if settings.kafka.group_instance_id and not reading.document.is_override(place):
        where = f"{reading.document.file}:{reading.document.line(place)}"
        yield (
            f"{where}: `kafka.group_instance_id` stands in the file: replicas that share it evict each other from the group. "
            "Give each its own by PROVISIONER_KAFKA__GROUP_INSTANCE_ID."
        )


def _database(reading: Reading[Settings], settings: Settings) -> Iterator[Mistake]:
    """By the parser that every session is opened with; it quotes no password."""
    try:
        Dsn.parse(settings.database.url, pooler=settings.database.pooler)
    except ValueError as error:
        right = "Give `postgresql://user@host:port/database`."
        yield from reading.mistake(_DATABASE, str(error).rstrip("."), right)


def _registry(reading: Reading[Settings], settings: Settings, open_secret: SecretOpener) -> Iterator[Mistake]:
    try:
        if settings.registry.ca_file:
            tls_context(settings.registry.ca_file)
    except Stop as error:
        right = "Give a file with certificates in PEM where the service runs."
        yield from reading.mistake(("registry", "ca_file"), str(error).rstrip("."), right)
        return
    try:
        open_registry(settings.registry, open_secret).close()
    except (OSError, ValueError, httpx.InvalidURL) as error:
        yield from reading.mistake(("registry",), f"cannot be used ({type(error).__name__})", "Correct its keys.")
    except Stop:
        return  # a secret that cannot be opened; already reported


def _listening(reading: Reading[Settings], host: str) -> Iterator[Mistake]:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        if not _HOST_NAME.fullmatch(host):
            right = "Give an address of this host such as `0.0.0.0`; the port has a key of its own."
            yield from reading.mistake(
                ("http", "host"), f"is `{host}`, which is neither an IP address nor a host's name", right
            )


def _times(reading: Reading[Settings], settings: Settings) -> Iterator[Mistake]:
    timing = settings.provisioning
    if timing.lease <= timing.call_timeout:
        wrong = f"is {timing.lease:g} s, not longer than one call may take ({timing.call_timeout:g} s)"
        other = ("provisioning", "call_timeout")
        yield from reading.mistake(("provisioning", "lease"), wrong, "Give at least twice `call_timeout`.", other)
    if timing.retry_cap < timing.retry_base:
        wrong = f"is {timing.retry_cap:g} s, shorter than the first back-off ({timing.retry_base:g} s)"
        other = ("provisioning", "retry_base")
        yield from reading.mistake(("provisioning", "retry_cap"), wrong, "Make it longer than `retry_base`.", other)


def _key_ids(reading: Reading[Settings], settings: Settings) -> Iterator[Mistake]:
    ids = [key.id for key in settings.vault]
    for number, ident in enumerate(ids):
        if (first := ids.index(ident)) != number:
            other = ("vault", first, "id")
            yield from reading.mistake(
                ("vault", number, "id"), f"is `{ident}` again", "Give every key an id of its own.", other
            )


def _keys(reading: Reading[Settings], settings: Settings, open_secret: SecretOpener) -> Iterator[Mistake]:
    for number, key in enumerate(settings.vault):
        try:
            open_secret(key.key)
        except Stop:
            continue  # already reported
        try:
            open_vault([key], open_secret)
        except Stop as error:
            right = "Make one by `openssl rand -base64 32`."
            yield from reading.mistake(("vault", number, "key"), f"leads to no key: {str(error).rstrip('.')}", right)
