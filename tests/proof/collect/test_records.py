"""Records of topics, read as the checker needs them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from consumer.codec.letters import LetterReason, letter_headers
from consumer.codec.reader import EventReader
from consumer.codec.writer import OutcomeWriter
from consumer.errors import Reason
from consumer.events import (
    AccountProvisioned,
    AccountProvisioningFailed,
    Cause,
    MailState,
    Origin,
    Outcome,
    Provider,
    ProvisionedAccount,
    SignOnIdentity,
    StepName,
    WelcomeEmailStatus,
)
from consumer.policy.decision import DecisionTable
from consumer.settings import Topics
from proof.collect.inputs import InputReader
from proof.collect.letters import letter
from proof.collect.raw import Raw
from proof.collect.told import ToldReader
from proof.history import Headers, Input, Lot
from tests.codec.conftest import FakeSchemas, event, written
from tests.policy.tenants import tenant

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
    AccountProvisioningFailed(
        **COMMON, step=StepName.CREATE, reason=Reason.ACCOUNT_CONFLICT, final=False, retry_at=NOW, message="Taken."
    ),
    WelcomeEmailStatus(**COMMON, state=MailState.ACCEPTED, reason=None, message_id="m1@north.example"),
)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_an_outcome_is_read_back_as_it_was_written(outcome: Outcome) -> None:
    names = ("account-provisioned", "account-provisioning-failed", "welcome-email-status")
    written = OutcomeWriter(TOPICS, dict.fromkeys(names, 7)).write(outcome)
    told = ToldReader(TOPICS).read(Raw((written.topic, 0, 3), written.key, written.value, written.headers))
    assert (told.outcome, told.key, told.place) == (outcome, b"north/S1", (written.topic, 0, 3))


def test_what_is_no_outcome_is_said_so() -> None:
    with pytest.raises(ValueError, match="is no outcome"):
        ToldReader(TOPICS).read(Raw(("elsewhere", 0, 0), b"k", b"v"))


def test_a_dead_letter_tells_whence_it_comes_and_why() -> None:
    headers = letter_headers(
        [("own", b"1")], topic="in", partition=2, offset=5, reason=LetterReason.NULL_VALUE, sentence="No value."
    )
    told: Headers = tuple((name, value if isinstance(value, bytes) else None) for name, value in headers)
    read = letter(Raw(("dead", 0, 0), b"k", None, told))
    assert (read.origin, read.reason, read.key) == (("in", 2, 5), "null_value", b"k")
    assert read.digest == hashlib.sha256(b"").digest()


def test_a_dead_letter_without_an_origin_is_none() -> None:
    with pytest.raises(ValueError, match="does not say where it was read"):
        letter(Raw(("dead", 0, 0), b"k", None, (("provisioner-reason", b"null_value"),)))


def read(value: bytes | None) -> Input:
    reader = InputReader(EventReader(FakeSchemas()), DecisionTable.of([tenant("north")]))
    return reader.read(Raw(("in", 0, 7), b"north/S1", value))


def test_an_event_that_acts_is_to_be_carried_out_at_each_of_its_tenant_s_providers() -> None:
    value = written(event(tenant_id="north", status={"id": "registered", "name": "", "type": ""}))
    found = read(value)
    assert (found.lot, found.reason, found.providers) == (Lot.ACT, None, (Provider.MICROSOFT,))
    assert (found.tenant_id, found.student_id, found.event_id, found.version) == ("north", "S1", "e1", 3)
    assert found.digest == hashlib.sha256(value).digest()


def test_an_event_that_does_nothing_is_to_be_skipped() -> None:
    found = read(written(event(tenant_id="north", status={"id": "admission", "name": "", "type": ""})))
    assert (found.lot, found.reason) == (Lot.SKIP, "no_action")


def test_a_student_s_own_switch_makes_an_acting_event_a_skip() -> None:
    switched_off = event(
        tenant_id="north",
        status={"id": "registered", "name": "", "type": ""},
        student={"external_sync_disabled": True},
    )
    assert (read(written(switched_off)).lot, read(written(switched_off)).reason) == (
        Lot.SKIP,
        "external_sync_disabled",
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"\x01\x00\x00\x00\x01", "wrong_magic"),
        (written(event(tenant_id="elsewhere")), "unknown_tenant"),
        (written(event(tenant_id="north")), "unlisted_status"),
    ],
)
def test_what_nobody_can_act_on_must_become_a_dead_letter(value: bytes | None, reason: str) -> None:
    assert (read(value).lot, read(value).reason) == (Lot.LETTER, reason)
