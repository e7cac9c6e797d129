"""A look at what the service did in the simulators: accounts, mails, and what was published.

The simulators are found by the tenants' own configuration, so nothing else needs to be known of them.
"""

import io
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import KafkaException
from fastavro import schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs

from consumer.codec.schemas import schema, subjects
from consumer.codec.wire import PREFIX
from consumer.errors import Stop
from consumer.events import Provider
from consumer.settings import KafkaSettings
from consumer.tenants import Tenant
from sandbox.demo.topics import read_all
from sandbox.simulators.mailgun.mailbox import Mail

_TIMEOUT = 10.0
_MAILBOX = "/_simulator/mailbox"
_USERS = {Provider.MICROSOFT: "/_simulator/graph/users", Provider.GOOGLE: "/_simulator/google/users"}


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """A student's account at one vendor."""

    tenant_id: str
    provider: Provider
    address: str
    object_id: str
    licences: int
    groups: int


def accounts(tenants: Sequence[Tenant]) -> Iterator[SimulatedAccount]:
    """Every account of these tenants that is not deleted, administrators' aside. Raises `Stop`, as `mails` does."""
    for tenant in tenants:
        if section := tenant.microsoft:
            for user in _ask(section.graph_url, section.ca_file, _USERS[Provider.MICROSOFT])["users"]:
                if user["tenant"] == section.tenant_id and not user["deleted"]:
                    counts = len(user["licences"]), len(user["groups"])
                    yield SimulatedAccount(tenant.id, Provider.MICROSOFT, user["address"], user["id"], *counts)
        if section := tenant.google:
            for user in _ask(section.directory_url, section.ca_file, _USERS[Provider.GOOGLE])["users"]:
                address = user["primaryEmail"]
                if address.endswith(f"@{tenant.addresses.domain}") and not (user["isAdmin"] or "deletionTime" in user):
                    yield SimulatedAccount(tenant.id, Provider.GOOGLE, address, user["id"], 0, 0)


def mails(tenants: Sequence[Tenant], recipient: str | None = None) -> Sequence[Mail]:
    """Every mail that was accepted, in order; of one recipient where given.

    Raises `Stop` where no simulator answers: a real vendor, or one whose simulator was stopped.
    """
    places = {
        (tenant.mailgun.url, tenant.mailgun.ca_file) for tenant in tenants if tenant.mailgun and tenant.mailgun.url
    }
    if not places:
        raise Stop("No tenant sends its mail to a simulator: `mailgun.url` is not set.")
    query = {} if recipient is None else {"recipient": recipient}
    found = [Mail(**mail) for url, ca_file in places for mail in _ask(url, ca_file, _MAILBOX, query)["mails"]]
    return sorted(found, key=lambda mail: mail.accepted_at)


def outcomes(settings: KafkaSettings) -> Sequence[Mapping[str, Any]]:
    """Everything that was published, in order of time, with `topic` as the first key. Blocking. Raises `Stop`."""
    topics = settings.topics
    try:
        read = read_all(settings, topics.outcomes)
    except KafkaException as failure:
        raise Stop(f"The outcomes cannot be read: {failure.args[0].str()}.") from failure
    known = subjects(topics)
    found = [
        {"topic": topic, **decoded(record.value() or b"", known[f"{topic}-value"])}
        for topic in topics.outcomes
        for record in read[topic]
    ]
    return sorted(found, key=lambda event: event["occurred_at"])


def decoded(value: bytes, name: str) -> dict[str, Any]:
    """A published outcome, by our own schema of this name."""
    event: Any = schemaless_reader(io.BytesIO(value[PREFIX.size :]), schema(name), None)
    return event


def _ask(url: str, ca_file: Path | None, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    trusted = ssl.create_default_context(cafile=ca_file)
    try:
        with httpx.Client(verify=trusted, trust_env=False, timeout=_TIMEOUT) as client:
            answer = client.get(f"{url}{path}", params=query)
    except httpx.TransportError as error:
        raise Stop(
            f"No simulator answers at {url} ({type(error).__name__}): is `provisioner simulate vendors` running?"
        ) from error
    if not answer.is_success:
        raise Stop(f"{url} is no simulator (HTTP {answer.status_code}): look at the vendor itself.")
    found: dict[str, Any] = answer.json()
    return found
