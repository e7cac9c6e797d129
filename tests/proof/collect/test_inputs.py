"""What must become of a record of the input topic."""

import hashlib

import pytest

from consumer.codec.reader import EventReader
from consumer.events import (
    Provider,
)
from consumer.policy.decision import DecisionTable
from consumer.tenants import StatusRow
from proof.collect.inputs import InputReader
from proof.collect.raw import Raw
from proof.history import ExpectedOutcome, Input
from tests.codec.conftest import FakeSchemas, event, written
from tests.policy.tenants import tenant


def read(value: bytes | None) -> Input:
    north = tenant("north")
    seventh = StatusRow(id="promoted", name="Promoted", type="Registered", when={"grade": ("7",)})
    others = north.statuses[0].model_copy(update={"id": "promoted", "when": {"grade": ("8",)}})
    table = DecisionTable.of([north.model_copy(update={"statuses": (*north.statuses, seventh, others)})])
    reader = InputReader(EventReader(FakeSchemas()), table)
    return reader.read(Raw(("in", 0, 7), b"north/S1", value))


def test_an_event_that_acts_is_to_be_carried_out_at_each_of_its_tenant_s_providers() -> None:
    value = written(event(tenant_id="north", status={"id": "registered", "name": "", "type": ""}))
    found = read(value)
    assert (found.expected, found.reason, found.providers) == (ExpectedOutcome.ACT, None, (Provider.MICROSOFT,))
    assert (found.tenant_id, found.student_id, found.event_id, found.version) == ("north", "S1", "e1", 3)
    assert found.digest == hashlib.sha256(value).digest()


def test_an_event_that_does_nothing_is_to_be_skipped() -> None:
    found = read(written(event(tenant_id="north", status={"id": "admission", "name": "", "type": ""})))
    assert (found.expected, found.reason) == (ExpectedOutcome.SKIP, "no_action")
    assert (found.student_id, found.event_id, found.version, found.providers) == ("S1", "e1", 3, ())


def test_an_event_that_does_nothing_is_a_skip_even_where_its_person_cannot_be_read() -> None:
    value = written(event(tenant_id="north", status={"id": "admission", "name": "", "type": ""}, version=-1))
    found = read(value)
    assert (found.expected, found.student_id, found.event_id) == (ExpectedOutcome.SKIP, None, None)


def test_a_student_s_own_switch_makes_an_acting_event_a_skip() -> None:
    switched_off = event(
        tenant_id="north",
        status={"id": "registered", "name": "", "type": ""},
        student={"external_sync_disabled": True},
    )
    assert (read(written(switched_off)).expected, read(written(switched_off)).reason) == (
        ExpectedOutcome.SKIP,
        "external_sync_disabled",
    )


@pytest.mark.parametrize(
    ("grade", "expected", "reason"),
    [
        ("7", ExpectedOutcome.SKIP, "no_action"),
        ("8", ExpectedOutcome.ACT, None),
        ("9", ExpectedOutcome.DEAD_LETTER, "unlisted_status"),
    ],
)
def test_where_rows_have_conditions_the_student_s_attributes_decide(
    grade: str, expected: ExpectedOutcome, reason: str | None
) -> None:
    promoted = event(
        tenant_id="north",
        status={"id": "promoted", "name": "", "type": ""},
        student={"attributes": {"grade": grade}},
    )
    found = read(written(promoted))
    assert (found.expected, found.reason, found.student_id) == (expected, reason, "S1")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"\x01\x00\x00\x00\x01", "wrong_magic"),
        (written(event(tenant_id="elsewhere")), "unknown_tenant"),
        (written(event(tenant_id="north")), "unlisted_status"),
    ],
)
def test_an_unusable_record_must_become_a_dead_letter(value: bytes | None, reason: str) -> None:
    assert (read(value).expected, read(value).reason) == (ExpectedOutcome.DEAD_LETTER, reason)
