"""The story of a student: what is in it, in which order, and with which evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumer.errors import Reason
from consumer.events import Origin, Provider, ProviderAction, StepName
from consumer.ledger.acts import RecordedAct
from consumer.ledger.inspect import StudentState, StudentWait, TenantWait
from consumer.ledger.port.history import Attempt
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState, StepState
from consumer.ledger.student_record import AccountRecord, InboxEvent, NewestDecision, StudentRecord
from consumer.story.narrative import story

START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=1)
ADDRESS = "maria.rossi@students.north-high.example"


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def attempt(seconds: float, step: StepName, state: StepState, **other: Any) -> Attempt:
    about: dict[str, Any] = {
        "number": 1,
        "version": 3,
        "started_at": after(seconds - 1),
        "ended_at": after(seconds),
        **other,
    }
    return Attempt(Provider.MICROSOFT, step, state=state, **about)


@pytest.fixture
def record() -> StudentRecord:
    """The account exists; its licence is missing, and the school must buy some."""
    return StudentRecord(
        state=StudentState("north-high", "S1", 3, -1, -1, 1, after(300), None, None),
        decision=NewestDecision("enrolled", ProviderAction.CREATE_ACCOUNT, (Provider.MICROSOFT,), after(1)),
        events=[InboxEvent("e1", 3, "events", 4, 1021, after(-60), after(0), Disposition.PENDING, None)],
        attempts=[
            attempt(5, StepName.CREATE, StepState.DONE),
            attempt(
                7, StepName.LICENCES, StepState.HELD, reason=Reason.LICENCES_EXHAUSTED, code="400 Request_BadRequest"
            ),
        ],
        accounts=[
            AccountRecord(Provider.MICROSOFT, ADDRESS, "6c21", Origin.CREATED, AccountState.ACTIVE, (), ("7a",), 3)
        ],
        waits=[
            StudentWait(
                "microsoft", "licences", "licences_exhausted", "400", held=True, since=after(7), until=after(300)
            )
        ],
        tenant_waits=[],
    )


def test_it_goes_in_the_order_of_time(record: StudentRecord) -> None:
    shown = story(record, now=NOW)
    assert [sentence.text for sentence in shown.past] == [
        "The SIS reported version 3 with status `enrolled`; it happened at 2026-09-01 05:59:00 UTC.",
        "Decided for version 3 by the row of status `enrolled`: create the account at Microsoft 365.",
        "Microsoft 365: create the account, attempt 1: done.",
        "Microsoft 365: assign licences, attempt 1: refused; a person must act. No licences of this kind are left.",
    ]


def test_each_sentence_has_its_evidence(record: StudentRecord) -> None:
    reported, _, _, refused = story(record, now=NOW).past
    assert reported.evidence == {"topic": "events", "partition": 4, "offset": 1021, "event_id": "e1"}
    assert refused.evidence == {"step": "licences", "reason": "licences_exhausted", "code": "400 Request_BadRequest"}


def test_it_ends_with_the_cause_and_what_a_person_can_do(record: StudentRecord) -> None:
    shown = story(record, now=NOW)
    assert [wait.text for wait in shown.waits] == [
        "Microsoft 365: assign licences waits: No licences of this kind are left."
    ]
    assert shown.next_step == "Tried again at 2026-09-01 06:05:00 UTC."
    assert shown.remedies == ["Buy more, or free some."]


def test_a_wait_of_the_school_is_shown_where_it_concerns_the_student(record: StudentRecord) -> None:
    waits = [
        TenantWait(
            "microsoft/creations", "quota_exceeded", None, "create", held=True, since=after(2), until=after(600)
        ),
        TenantWait("google", "consent_missing", None, "create", held=True, since=after(2), until=after(600)),
    ]
    shown = story(replace(record, waits=[], tenant_waits=waits), now=NOW)
    assert [wait.text for wait in shown.waits] == [
        "`microsoft/creations` waits for the whole school: A quota of the institution is used up."
    ]


def test_an_administrative_unit_is_named_where_there_is_one(record: StudentRecord) -> None:
    placed = replace(record.accounts[0], admin_units=("u1",))
    assert all("administrative unit" not in one for one in story(record, now=NOW).accounts)
    assert (
        "groups: 1, administrative unit: u1, reported" in story(replace(record, accounts=[placed]), now=NOW).accounts[0]
    )


def test_addresses_are_shown_only_where_they_are_asked_for(record: StudentRecord) -> None:
    assert ADDRESS not in repr(story(record, now=NOW))
    assert ADDRESS in repr(story(record, now=NOW, names=True))


@pytest.mark.parametrize(
    ("now_known", "expected"),
    [
        ({"lease_owner": "p-1", "lease_until": after(90)}, "Replica p-1 works on it now."),
        ({"due_at": None}, "Nothing is left to do."),
        ({"due_at": after(30)}, "Due since 2026-09-01 06:00:30 UTC: a replica takes it up when it has a free place."),
        (
            {"settled_version": 3},
            "The account is verified at 2026-09-01 06:05:00 UTC, as an answer of the vendor was lost.",
        ),
    ],
    ids=["in work", "settled", "due", "to be verified"],
)
def test_it_says_what_happens_next(record: StudentRecord, now_known: dict[str, Any], expected: str) -> None:
    state = replace(record.state, **now_known)
    assert story(replace(record, state=state), now=NOW).next_step == expected


def test_it_says_when_a_deletion_is_announced_and_when_it_takes_place(record: StudentRecord) -> None:
    to_go = replace(record.accounts[0], delete_at=after(800), notice_at=after(300))
    record = replace(record, accounts=[to_go], state=replace(record.state, settled_version=3, due_at=after(300)))
    assert story(record, now=NOW).next_step.startswith(
        "The deletion of the account is announced at 2026-09-01 06:05:00"
    )
    record = replace(record, state=replace(record.state, due_at=after(800)))
    assert story(record, now=NOW).next_step.startswith("The account is deleted at 2026-09-01 06:13:20 UTC, unless")


def test_an_older_event_says_that_it_was_superseded(record: StudentRecord) -> None:
    older = InboxEvent("e0", 2, "events", 4, 1000, after(-90), after(-80), Disposition.SUPERSEDED, after(0))
    shown = story(replace(record, events=[older, *record.events]), now=NOW)
    assert shown.past[1].text == "Version 2 is superseded by a newer one: nothing more is done for it."


def test_what_an_operator_did_has_its_place_with_the_reason(record: StudentRecord) -> None:
    acts = [
        RecordedAct(
            17, after(6), "tenant_resumed", "north-high", "ada", "consent is granted", 4, {"service": "google"}
        ),
        RecordedAct(18, after(60), "levitated", "north-high", "ada", "", 1),
    ]
    *_, resumed, _, newer = story(replace(record, acts=acts), now=NOW).past
    assert resumed.text == "Operator ada ended the school's waits: consent is granted."
    assert resumed.evidence == {"act": 17, "service": "google"}
    assert newer.text == "Operator ada levitated."


def test_what_a_newer_version_wrote_is_shown_as_it_is(record: StudentRecord) -> None:
    strange = StudentWait("microsoft", "teleport", "sunspots", None, held=True, since=after(7), until=after(300))
    (wait,) = story(replace(record, waits=[strange]), now=NOW).waits
    assert wait.text == "Microsoft 365: teleport waits: A reason that this version does not know."
