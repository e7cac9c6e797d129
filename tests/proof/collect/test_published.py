"""Outcomes, read back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from consumer.codec.schemas import OUTCOMES as SCHEMAS
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
from proof.collect.published import OutcomeReader
from proof.collect.raw import Raw

TOPICS = Topics()


NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


COMMON: Mapping[str, Any] = {
    "event_id": UUID(int=1),
    "occurred_at": NOW,
    "tenant_id": "north",
    "student_id": "S1",
    "cause": Cause("e1", 1),
    "provider": Provider.MICROSOFT,
}


OUTCOMES = (
    AccountProvisioned(
        **COMMON,
        account=ProvisionedAccount("o1", "a@north.example", "a@north.example", Origin.CREATED),
        identity=SignOnIdentity("https://issuer.example", "o1", "t1"),
        licences=("sku",),
        groups=(),
        duration_ms=3,
    ),
    AccountChanged(
        **COMMON,
        action=ProviderAction.SUSPEND_ACCOUNT,
        change=AccountChange.SUSPENDED,
        account=ProvisionedAccount("o1", "a@north.example", "a@north.example", Origin.CREATED),
        parts=(AccountPart.SIGN_IN,),
        missing=(AccountPart.SESSIONS,),
        duration_ms=3,
    ),
    AccountProvisioningFailed(
        **COMMON, step=StepName.CREATE, reason=Reason.ACCOUNT_CONFLICT, final=False, retry_at=NOW, message="Taken."
    ),
    AccountPlanned(
        **COMMON,
        action=ProviderAction.CREATE_ACCOUNT,
        account=Seen.UNKNOWN,
        reason=Reason.CONSENT_MISSING,
        steps=("address", "create"),
        sign_in_name="a@north.example",
        org_unit=None,
        licences=("sku",),
        groups=(),
    ),
    WelcomeEmailStatus(**COMMON, state=MailState.ACCEPTED, reason=None, message_id="m1@north.example"),
)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_an_outcome_is_read_back_as_it_was_written(outcome: Outcome) -> None:
    written = OutcomeWriter(TOPICS, dict.fromkeys(SCHEMAS, 7)).write(outcome)
    published = OutcomeReader(TOPICS).read(Raw((written.topic, 0, 3), written.key, written.value, written.headers))
    assert (published.outcome, published.key, published.place) == (outcome, b"north/S1", (written.topic, 0, 3))


def test_what_is_no_outcome_is_said_so() -> None:
    with pytest.raises(ValueError, match="is no outcome"):
        OutcomeReader(TOPICS).read(Raw(("elsewhere", 0, 0), b"k", b"v"))
