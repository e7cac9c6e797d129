"""Records of the outcome topics, back into what they tell. The inverse of `consumer.codec.writer`."""

import io
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from fastavro import parse_schema, schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs

from consumer.codec.schemas import (
    ACCOUNT_CHANGED,
    ACCOUNT_PLANNED,
    ACCOUNT_PROVISIONED,
    ACCOUNT_PROVISIONING_FAILED,
    WELCOME_EMAIL_STATUS,
    schema,
)
from consumer.codec.wire import schema_of
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
from proof.collect.raw import Raw
from proof.history import PublishedOutcome

_Record = dict[str, Any]


class OutcomeReader:
    """Reads outcomes that were written with the schemas of this checkout."""

    def __init__(self, topics: Topics) -> None:
        self._forms = {
            topics.account_provisioned: (parse_schema(schema(ACCOUNT_PROVISIONED)), _provisioned),
            topics.account_changed: (parse_schema(schema(ACCOUNT_CHANGED)), _changed),
            topics.account_provisioning_failed: (parse_schema(schema(ACCOUNT_PROVISIONING_FAILED)), _failed),
            topics.welcome_email_status: (parse_schema(schema(WELCOME_EMAIL_STATUS)), _welcome),
            topics.account_planned: (parse_schema(schema(ACCOUNT_PLANNED)), _planned),
        }

    def read(self, record: Raw) -> PublishedOutcome:
        """The outcome. Raises ValueError where the record is none, `Unreadable` where it is not framed as one."""
        form = self._forms.get(record.place[0])
        if form is None or record.value is None or record.key is None:
            raise ValueError(f"the record at {record.place} is no outcome")
        parsed, make = form
        _, start = schema_of(record.value, record.headers)
        body = io.BytesIO(record.value)
        body.seek(start)
        read = cast("_Record", schemaless_reader(body, parsed, None))
        return PublishedOutcome(record.place, record.key, record.headers, make(read))


def _common(record: _Record) -> Mapping[str, Any]:
    return {
        "event_id": UUID(record["event_id"]),
        "occurred_at": record["occurred_at"],
        "tenant_id": record["tenant_id"],
        "student_id": record["student_id"],
        "cause": Cause(**record["cause"]),
        "provider": Provider(record["provider"]),
    }


def _provisioned(record: _Record) -> Outcome:
    return AccountProvisioned(
        **_common(record),
        account=_account(record),
        identity=SignOnIdentity(**record["identity"]),
        licences=tuple(record["licences"]),
        groups=tuple(record["groups"]),
        duration_ms=record["duration_ms"],
    )


def _changed(record: _Record) -> Outcome:
    return AccountChanged(
        **_common(record),
        action=ProviderAction(record["action"]),
        change=AccountChange(record["change"]),
        account=_account(record),
        parts=tuple(map(AccountPart, record["parts"])),
        missing=tuple(map(AccountPart, record["missing"])),
        duration_ms=record["duration_ms"],
        delete_at=record["delete_at"],
    )


def _planned(record: _Record) -> Outcome:
    return AccountPlanned(
        **_common(record),
        action=ProviderAction(record["action"]),
        account=Seen(record["account"]),
        reason=Reason(record["reason"]) if record["reason"] else None,
        steps=tuple(record["steps"]),
        sign_in_name=record["sign_in_name"],
        org_unit=record["org_unit"],
        licences=tuple(record["licences"]),
        groups=tuple(record["groups"]),
        admin_unit=record["admin_unit"],
    )


def _account(record: _Record) -> ProvisionedAccount:
    account = record["account"]
    return ProvisionedAccount(
        account["object_id"], account["sign_in_name"], account["email"], Origin(account["origin"])
    )


def _failed(record: _Record) -> Outcome:
    return AccountProvisioningFailed(
        **_common(record),
        step=StepName(record["step"]),
        reason=Reason(record["reason"]),
        final=record["final"],
        retry_at=record["retry_at"],
        message=record["message"],
        action=ProviderAction(record["action"]),
    )


def _welcome(record: _Record) -> Outcome:
    return WelcomeEmailStatus(
        **_common(record),
        state=MailState(record["state"]),
        reason=Reason(record["reason"]) if record["reason"] else None,
        message_id=record["message_id"],
        message=record["message"],
    )
