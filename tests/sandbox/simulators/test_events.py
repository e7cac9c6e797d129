"""The simulated topic: repeatable, ordered per student, with every kind of trouble, and right about what must become of it."""

import io
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any, cast

import fastavro
import pytest

from consumer.events import StudentStatusChanged
from sandbox.simulators.breakage import Breakage
from sandbox.simulators.events import PLAIN, SimulatedRecord
from sandbox.simulators.expectation import APPLIED, DUPLICATE, SUPERSEDED, Fate
from tests.sandbox.simulators.streams import SCHEMA, stream


def read(record: SimulatedRecord) -> dict[str, Any]:
    assert record.value is not None
    schema = fastavro.parse_schema(SCHEMA)
    payload = io.BytesIO(record.value[5:])
    event = fastavro.schemaless_reader(payload, schema, None)  # pyright: ignore[reportUnknownMemberType]  bare IO in its stubs
    return cast("dict[str, Any]", event)


@pytest.fixture(scope="module")
def records() -> list[SimulatedRecord]:
    return stream()


def good(records: list[SimulatedRecord]) -> list[SimulatedRecord]:
    return [record for record in records if record.breakage is None]


def test_the_same_seed_gives_the_same_bytes(records: list[SimulatedRecord]) -> None:
    assert stream() == records
    assert stream(seed=4) != records


def test_every_good_record_is_an_event_that_the_service_takes(records: list[SimulatedRecord]) -> None:
    for record in good(records):
        event = StudentStatusChanged.model_validate(read(record))
        assert (event.event_id, event.tenant_id, event.version) == (record.event_id, record.tenant_id, record.version)
        assert record.key == f"{event.tenant_id}/{event.student.student_id}".encode()
        assert record.value is not None
        assert record.value[:5] == b"\x00\x00\x00\x00\x07"


def test_every_fate_and_every_breakage_occurs(records: list[SimulatedRecord]) -> None:
    assert {fate for record in records for fate in record.expectation.fates} == set(Fate)
    assert {record.breakage for record in records} == {*Breakage, None}


def test_every_acting_student_has_one_event_that_must_be_applied(records: list[SimulatedRecord]) -> None:
    by_student = defaultdict[str, list[SimulatedRecord]](list)
    for record in good(records):
        by_student[record.key.decode()].append(record)
    applied = {s: [r for r in rs if r.expectation == APPLIED] for s, rs in by_student.items()}
    assert Counter(map(len, applied.values())).keys() == {0, 1}
    for student, events in by_student.items():
        acting = [r for r in events if read(r)["status"]["id"] == "enrolled"]
        synced = not events[0].student.external_sync_disabled
        assert bool(applied[student]) == (bool(acting) and synced)


def test_a_version_that_is_not_above_an_earlier_one_is_superseded(records: list[SimulatedRecord]) -> None:
    newest = dict[str, int]()
    for record in good(records):
        if record.expectation.fates & {Fate.APPLIED, Fate.SUPERSEDED}:
            behind = record.version <= newest.get(record.key.decode(), -1)
            assert (record.expectation == SUPERSEDED) == behind
            newest[record.key.decode()] = max(record.version, newest.get(record.key.decode(), -1))


def test_of_two_events_that_bear_one_version_the_first_stands(records: list[SimulatedRecord]) -> None:
    stands = {record.key: record for record in good(records) if record.expectation == APPLIED}
    tied = [
        record
        for record in good(records)
        if record.expectation == SUPERSEDED and record.version == stands[record.key].version
    ]
    assert tied
    assert all(record.event_id != stands[record.key].event_id for record in tied)


def test_a_duplicate_is_the_same_bytes_again(records: list[SimulatedRecord]) -> None:
    seen = set[bytes]()
    for record in good(records):
        assert record.value is not None
        assert (record.expectation == DUPLICATE) == (record.value in seen)
        seen.add(record.value)


def test_a_reused_id_belongs_to_an_earlier_event_with_other_content(records: list[SimulatedRecord]) -> None:
    earlier = {record.event_id: record.value for record in good(records)}
    reused = [record for record in records if record.breakage is Breakage.REUSED_ID]
    assert reused
    assert all(record.event_id in earlier and earlier[record.event_id] != record.value for record in reused)


def test_an_institution_that_skips_unlisted_statuses_gets_no_dead_letter_for_them() -> None:
    unlisted = [r for r in stream(unlisted_status="skip") if r.breakage is Breakage.UNLISTED_STATUS]
    assert {(*record.expectation.fates, record.expectation.reason) for record in unlisted} == {
        (Fate.SKIPPED, "unlisted_status")
    }


def test_an_event_is_of_a_status_as_it_is_for_the_student() -> None:
    visiting = {"id": "visiting", "name": "Visiting", "type": "Registered"}
    rows = [
        {**visiting, "when": {"school": ["north"]}, "provider_action": "create_account"},
        {**visiting, "when": {"school": ["south"]}},
        {"id": "enrolled", "name": "Enrolled", "type": "Registered", "provider_action": "create_account"},
    ]
    fates = {
        (record.student.attributes["school"], fate)
        for record in good(stream(statuses=rows))
        if read(record)["status"]["id"] == "visiting" and not record.student.external_sync_disabled
        for fate in record.expectation.fates
    }
    assert {fate for school, fate in fates if school == "south"} == {Fate.SKIPPED}
    assert ("north", Fate.APPLIED) in fates
    assert ("north", Fate.SKIPPED) not in fates
    assert {school for school, _ in fates} == {"north", "south"}


def test_a_quiet_mix_is_one_enrolment_a_student() -> None:
    records = stream(50, mix=PLAIN)
    assert Counter(f for r in records for f in r.expectation.fates) == {Fate.APPLIED: 50, Fate.SKIPPED: 50}


def test_students_are_mixed(records: list[SimulatedRecord]) -> None:
    switches = sum(a.key != b.key for a, b in pairwise(records))
    assert switches > len(records) / 2


def test_printing_a_record_shows_no_person(records: list[SimulatedRecord]) -> None:
    assert records[0].student.contact_email
    assert records[0].student.contact_email not in repr(records[0])
