"""The record of what reached the vendors."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from sandbox.simulators.audit import AuditLog
from tests.sandbox.simulators.clock import START, Clock

_REQUEST: dict[str, Any] = {
    "service": "graph",
    "route": "graph.users.create",
    "method": "POST",
    "path": "/v1.0/users",
    "status": 201,
    "executed": True,
    "answered": True,
    "request": '{"passwordProfile": {"password": "correct horse"}}',
}


def test_entries_are_numbered_from_one_and_dated_by_the_clock() -> None:
    clock = Clock()
    log = AuditLog(clock)

    log.add(**_REQUEST)
    clock.now += 5
    log.add(**_REQUEST)

    assert [(entry.number, entry.at) for entry in log.entries()] == [(1, START), (2, START + 5)]


def test_an_entry_came_when_it_was_dealt_with_unless_it_had_to_wait() -> None:
    log = AuditLog(Clock())

    log.add(**_REQUEST)
    log.add(**_REQUEST, begun_at=START - 3)

    assert [entry.begun_at for entry in log.entries()] == [START, START - 3]


def test_a_reader_continues_after_the_last_number_it_saw() -> None:
    log = AuditLog(Clock())
    for _ in range(3):
        log.add(**_REQUEST)

    assert [entry.number for entry in log.entries(after=2)] == [3]
    assert log.entries(after=3) == []


def test_entries_can_not_be_changed() -> None:
    log = AuditLog(Clock())
    log.add(**_REQUEST)

    with pytest.raises(FrozenInstanceError):
        log.entries()[0].status = 500  # pyright: ignore[reportAttributeAccessIssue]  that is what is tried


def test_what_was_asked_stands_in_the_json_and_not_in_a_failed_test_s_output() -> None:
    log = AuditLog(Clock())
    log.add(**_REQUEST)

    assert "correct horse" in json.dumps(log.to_json())
    assert "correct horse" not in repr(log.entries())
