"""What is called broken is refused by the service's own reader for the promised reason, and what is not is read."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.port import UnknownSchema, WriterSchema
from consumer.codec.reader import EventReader
from consumer.codec.wire import SchemaRef
from consumer.events import StudentStatusChanged
from sandbox.simulators.breakage import LETTER_REASONS, Breakage
from sandbox.simulators.events import SimulatedRecord
from tests.sandbox.simulators.streams import SCHEMA, SCHEMA_ID, stream

BY_POLICY = {
    Breakage.UNKNOWN_TENANT: DeadLetterReason.UNKNOWN_TENANT,
    Breakage.UNLISTED_STATUS: DeadLetterReason.UNLISTED_STATUS,
    Breakage.REUSED_ID: DeadLetterReason.REUSED_ID,
}
"""Readable: what they mean is decided further on."""


class OneSchema:
    """A registry with our schema under one id."""

    def schema(self, ref: SchemaRef) -> WriterSchema:
        if ref != SCHEMA_ID:
            raise UnknownSchema(ref)
        return WriterSchema(json.dumps(SCHEMA))


@pytest.fixture(scope="module")
def broken() -> Mapping[Breakage, SimulatedRecord]:
    return {record.breakage: record for record in stream() if record.breakage}


@pytest.mark.parametrize("kind", sorted(set(Breakage) - set(BY_POLICY)))
def test_an_unreadable_record_is_refused_for_the_promised_reason(
    broken: Mapping[Breakage, SimulatedRecord], kind: Breakage
) -> None:
    with pytest.raises(Unreadable) as refused:
        EventReader(OneSchema()).read(broken[kind].value, None)
    assert refused.value.reason == broken[kind].expectation.reason == LETTER_REASONS[kind]


@pytest.mark.parametrize("kind", BY_POLICY)
def test_a_record_that_policy_refuses_can_be_read(broken: Mapping[Breakage, SimulatedRecord], kind: Breakage) -> None:
    event: Any = EventReader(OneSchema()).read(broken[kind].value, None)
    assert isinstance(event, StudentStatusChanged)
    assert LETTER_REASONS[kind] is BY_POLICY[kind]


def test_every_other_record_can_be_read() -> None:
    reader = EventReader(OneSchema())
    for record in stream():
        if record.breakage is None:
            assert reader.read(record.value, None).event_id == record.event_id
