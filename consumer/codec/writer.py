"""Writes outcomes: Avro in Confluent's prefix form, with CloudEvents headers in binary mode and the W3C trace context.

CloudEvents: the Kafka protocol binding, binary content mode: attributes are headers `ce_…`, `content-type` is the value's.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from fastavro import parse_schema, schemaless_writer  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs

from consumer.codec.port import UnknownSchema
from consumer.codec.registry import Registry
from consumer.codec.schemas import (
    ACCOUNT_CHANGED,
    ACCOUNT_PLANNED,
    ACCOUNT_PROVISIONED,
    ACCOUNT_PROVISIONING_FAILED,
    WELCOME_EMAIL_STATUS,
    schema,
    schema_text,
)
from consumer.codec.wire import framed
from consumer.errors import Stop
from consumer.events import (
    AccountChanged,
    AccountPlanned,
    AccountProvisioned,
    AccountProvisioningFailed,
    Outcome,
    WelcomeEmailStatus,
    student_key,
)
from consumer.settings import Topics

_SOURCE = "/provisioner"
_TYPE_PREFIX = "provisioner.v1."
_CONTENT_TYPE = "application/vnd.confluent.avro"

_SCHEMAS: Mapping[type[Outcome], str] = {
    AccountProvisioned: ACCOUNT_PROVISIONED,
    AccountChanged: ACCOUNT_CHANGED,
    AccountProvisioningFailed: ACCOUNT_PROVISIONING_FAILED,
    WelcomeEmailStatus: WELCOME_EMAIL_STATUS,
    AccountPlanned: ACCOUNT_PLANNED,
}


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """An outcome, ready for its topic."""

    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class _Form:
    name: str
    topic: str
    schema_id: int
    parsed: Any


class OutcomeWriter:
    """Encodes outcomes. Pure once it is made: the schemas' ids were asked for by `open`."""

    def __init__(self, topics: Topics, ids: Mapping[str, int]) -> None:
        places = _topics(topics)
        self._forms = {
            kind: _Form(name, places[name], ids[name], parse_schema(schema(name))) for kind, name in _SCHEMAS.items()
        }

    @classmethod
    def open(cls, registry: Registry, topics: Topics) -> "OutcomeWriter":
        """Asks the registry for the ids of our schemas. Registers nothing.

        Raises `Stop` where one is not registered, `Unavailable` where the registry does not answer.
        """
        ids: dict[str, int] = {}
        for name, topic in _topics(topics).items():
            try:
                ids[name] = registry.id_of(f"{topic}-value", schema_text(name))
            except UnknownSchema as error:
                raise Stop(
                    f"The schema `{name}` is not registered for `{topic}-value`. Run `provisioner schemas check`, then "
                    "`provisioner schemas register`."
                ) from error
        return cls(topics, ids)

    def write(self, outcome: Outcome, *, traceparent: str | None = None) -> OutcomeRecord:
        """The outcome as a record. `traceparent` is passed on as it came."""
        form = self._forms[type(outcome)]
        buffer = io.BytesIO()
        schemaless_writer(buffer, form.parsed, _plain(outcome))
        headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", str(outcome.event_id)),
            ("ce_source", f"{_SOURCE}/{outcome.tenant_id}"),
            ("ce_type", _TYPE_PREFIX + form.name),
            ("ce_time", outcome.occurred_at.isoformat()),
            ("ce_subject", outcome.student_id),
            ("content-type", _CONTENT_TYPE),
        ]
        if traceparent:
            headers.append(("traceparent", traceparent))
        return OutcomeRecord(
            topic=form.topic,
            key=student_key(outcome.tenant_id, outcome.student_id),
            value=framed(form.schema_id, buffer.getvalue()),
            headers=tuple((name, value.encode()) for name, value in headers),
        )


def _topics(topics: Topics) -> Mapping[str, str]:
    return {
        ACCOUNT_PROVISIONED: topics.account_provisioned,
        ACCOUNT_CHANGED: topics.account_changed,
        ACCOUNT_PROVISIONING_FAILED: topics.account_provisioning_failed,
        WELCOME_EMAIL_STATUS: topics.welcome_email_status,
        ACCOUNT_PLANNED: topics.account_planned,
    }


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {**_fields(outcome), "event_id": str(outcome.event_id)}


def _fields(record: object) -> dict[str, Any]:
    """As `dataclasses.asdict`, without its deep copies, which cost more than encoding the outcome."""
    values = ((name, getattr(record, name)) for name in _names(type(record)))
    return {name: _fields(value) if is_dataclass(value) else value for name, value in values}


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
