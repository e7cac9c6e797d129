"""Outcomes on the wire: Avro that our schema reads back, CloudEvents headers, the trace passed on."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastavro import parse_schema, schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs

from consumer.codec.schemas import (
    ACCOUNT_CHANGED,
    ACCOUNT_PLANNED,
    ACCOUNT_PROVISIONED,
    ACCOUNT_PROVISIONING_FAILED,
    WELCOME_EMAIL_STATUS,
    schema,
)
from consumer.codec.wire import PREFIX
from consumer.codec.writer import OutcomeWriter
from consumer.errors import Reason
from consumer.events import (
    AccountChange,
    AccountChanged,
    AccountPart,
    AccountPlanned,
    AccountProvisioned,
    AccountProvisioningFailed,
    Cause,
    MailState,
    Origin,
    Outcome,
    Provider,
    ProviderAction,
    ProvisionedAccount,
    Seen,
    SignOnIdentity,
    StepName,
    WelcomeEmailStatus,
)
from consumer.settings import Topics

WHEN = datetime(2026, 9, 1, 12, 0, 0, 5_000, tzinfo=UTC)
ABOUT: Any = {
    "event_id": UUID(int=1),
    "occurred_at": WHEN,
    "tenant_id": "north-high",
    "student_id": "S1",
    "cause": Cause("e1", 3),
    "provider": Provider.MICROSOFT,
}
PROVISIONED = AccountProvisioned(
    **ABOUT,
    account=ProvisionedAccount("o1", "m@x.example", "m@x.example", Origin.CREATED),
    identity=SignOnIdentity("https://issuer.example", "o1", "tid"),
    licences=("sku",),
    groups=(),
    duration_ms=1_200,
)
PLANNED = AccountPlanned(
    **ABOUT,
    action=ProviderAction.CREATE_ACCOUNT,
    account=Seen.UNKNOWN,
    reason=Reason.CONSENT_MISSING,
    steps=("address", "create"),
    sign_in_name="m@x.example",
    org_unit=None,
    licences=("sku",),
    groups=(),
    admin_unit="unit",
)
CHANGED = AccountChanged(
    **ABOUT,
    action=ProviderAction.SUSPEND_ACCOUNT,
    change=AccountChange.SUSPENDED,
    account=ProvisionedAccount("o1", "m@x.example", "m@x.example", Origin.CREATED),
    parts=(AccountPart.SIGN_IN,),
    missing=(AccountPart.SESSIONS,),
    duration_ms=300,
)
FAILED = AccountProvisioningFailed(
    **ABOUT, step=StepName.CREATE, reason=Reason.INVALID_PROFILE, final=False, retry_at=WHEN, message="No."
)
WELCOME = WelcomeEmailStatus(**ABOUT, state=MailState.ACCEPTED, reason=None, message_id="w@x.example")
SCHEMAS: list[tuple[Outcome, str]] = [
    (PROVISIONED, ACCOUNT_PROVISIONED),
    (FAILED, ACCOUNT_PROVISIONING_FAILED),
    (CHANGED, ACCOUNT_CHANGED),
    (PLANNED, ACCOUNT_PLANNED),
    (WELCOME, WELCOME_EMAIL_STATUS),
]


@pytest.fixture
def writer() -> OutcomeWriter:
    return OutcomeWriter(Topics(), {name: number for number, (_, name) in enumerate(SCHEMAS, start=10)})


def decoded(value: bytes, name: str, reader: dict[str, Any] | None = None) -> Any:
    body = io.BytesIO(value[PREFIX.size :])
    return schemaless_reader(body, parse_schema(schema(name)), parse_schema(reader) if reader else None)


@pytest.mark.parametrize(("outcome", "name"), SCHEMAS)
def test_every_outcome_reads_back_as_it_was(writer: OutcomeWriter, outcome: Outcome, name: str) -> None:
    read = decoded(writer.write(outcome).value, name)
    assert read["event_id"] == str(outcome.event_id)
    assert read["occurred_at"] == WHEN
    assert read["cause"] == {"event_id": "e1", "version": 3}


def test_the_value_names_its_schema(writer: OutcomeWriter) -> None:
    assert PREFIX.unpack_from(writer.write(FAILED).value) == (0, 11)


def test_the_key_is_tenant_and_student(writer: OutcomeWriter) -> None:
    assert writer.write(PROVISIONED).key == b"north-high/S1"


def test_headers_are_cloud_events_in_binary_mode(writer: OutcomeWriter) -> None:
    headers = dict(writer.write(PROVISIONED).headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == str(UUID(int=1)).encode()
    assert headers["ce_type"] == b"provisioner.v1.account-provisioned"
    assert headers["ce_source"] == b"/provisioner/north-high"
    assert headers["ce_time"] == b"2026-09-01T12:00:00.005000+00:00"
    assert headers["content-type"] == b"application/vnd.confluent.avro"


def test_no_header_tells_anything_of_the_person(writer: OutcomeWriter) -> None:
    assert not any(b"m@x.example" in value for _, value in writer.write(PROVISIONED).headers)


def test_the_trace_is_passed_on(writer: OutcomeWriter) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert dict(writer.write(FAILED, traceparent=trace).headers)["traceparent"] == trace.encode()
    assert "traceparent" not in dict(writer.write(FAILED).headers)


def test_an_older_reader_that_knows_fewer_fields_reads_it(writer: OutcomeWriter) -> None:
    older = schema(ACCOUNT_PROVISIONED)
    older["fields"] = [field for field in older["fields"] if field["name"] not in {"duration_ms", "groups"}]
    assert decoded(writer.write(PROVISIONED).value, ACCOUNT_PROVISIONED, older)["licences"] == ["sku"]
