"""Where a student's mails stand, and what to do: from what the ledger holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from consumer.configuration.loading import load_tenants
from consumer.errors import Reason
from consumer.events import Origin, Provider, StepName
from consumer.ledger.mails import MailRecord
from consumer.ledger.port.student import StepState
from consumer.mail.message_id import message_id
from consumer.story.mails import MailNote, Sent, mail_notes
from consumer.tenants import Tenant
from tests.configuration.files import ROOT

NOW = datetime(2026, 9, 2, 12, tzinfo=UTC)
SCHOOL = load_tenants(ROOT / "config/tenants")[0][0]
DOMAIN = SCHOOL.mailgun.domain if SCHOOL.mailgun else SCHOOL.addresses.domain
CONTACT = "maria@home.example"
BLANK = MailRecord(
    provider=Provider.MICROSOFT,
    name=StepName.WELCOME,
    generation=2,
    origin=Origin.CREATED,
    delete_at=None,
    noticed_for=None,
    state=None,
    version=None,
    request_hash=b"",
    started_at=None,
    ended_at=None,
    deadline=None,
    step_reason=None,
    step_code=None,
    request_id=None,
    wait_reason=None,
    wait_code=None,
    held=False,
    next_try=None,
    sealed_until=None,
    contact=CONTACT,
)


def ident(mail: str, which: str) -> str:
    return message_id(mail, SCHOOL.id, "S1", Provider.MICROSOFT, which, domain=DOMAIN)


def sent(state: StepState, *, mail: str = "welcome", which: str = "2") -> MailRecord:
    """A mail whose sending was begun an hour ago."""
    return replace(
        BLANK,
        state=state,
        version=3,
        request_hash=sha256(ident(mail, which).encode()).digest(),
        started_at=NOW - timedelta(hours=1),
        ended_at=None if state is StepState.STARTED else NOW - timedelta(minutes=59),
        deadline=NOW - timedelta(minutes=58),
    )


def note(record: MailRecord, *, school: Tenant | None = SCHOOL, names: bool = False) -> MailNote:
    (only,) = mail_notes("S1", [record], school, now=NOW, names=names)
    return only


def test_a_mail_that_was_accepted_has_its_message_id_and_cannot_be_sent_again() -> None:
    found = note(sent(StepState.DONE))
    assert (found.state, found.message_id, found.at) == (
        Sent.ACCEPTED,
        ident("welcome", "2"),
        NOW - timedelta(minutes=59),
    )
    assert "cannot be sent again" in (found.remedy or "")


def test_one_whose_password_was_replaced_since_has_the_message_id_of_before() -> None:
    assert note(sent(StepState.RETRYABLE, which="1")).message_id == ident("welcome", "1")


def test_where_the_message_id_cannot_be_derived_none_is_shown() -> None:
    assert note(sent(StepState.DONE, which="9")).message_id is None
    assert note(sent(StepState.DONE), school=None).message_id is None


def test_a_notice_has_the_message_id_of_its_day() -> None:
    day = datetime(2026, 10, 1, 6, tzinfo=UTC)
    announced = replace(
        sent(StepState.DONE, mail="deletion", which="3/2026-10-01"), name=StepName.NOTICE, noticed_for=day
    )
    found = note(announced)
    assert (found.mail, found.message_id) == ("notice", ident("deletion", "3/2026-10-01"))
    assert "password" not in (found.remedy or "")


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (BLANK, Sent.NOT_BEGUN),
        (replace(BLANK, wait_reason=Reason.THROTTLED), Sent.WAITS),
        (replace(sent(StepState.STARTED), deadline=NOW + timedelta(seconds=9)), Sent.SENDING),
        (sent(StepState.STARTED), Sent.UNKNOWN),
        (sent(StepState.UNKNOWN), Sent.UNKNOWN),
        (sent(StepState.RETRYABLE), Sent.WAITS),
        (sent(StepState.HELD), Sent.HELD),
        (replace(sent(StepState.RETRYABLE), held=True, wait_reason=Reason.MAIL_REFUSED), Sent.HELD),
        (sent(StepState.FAILED), Sent.FAILED),
        (replace(sent(StepState.DONE), request_hash=b""), Sent.SETTLED),
    ],
)
def test_the_state_is_what_is_known(record: MailRecord, state: Sent) -> None:
    assert note(record).state is state


def test_a_refusal_has_the_vendors_reason_and_what_to_do() -> None:
    found = note(replace(sent(StepState.FAILED), step_reason=Reason.MAIL_REFUSED, step_code="400", request_id="r1"))
    assert (found.reason, found.code, found.request_id) == ("mail_refused", "400", "r1")
    assert found.sentence == "It is not sent. Mailgun refused the mail."
    assert found.remedy


def test_what_it_waits_for_now_counts_before_what_was_refused() -> None:
    waiting = replace(
        sent(StepState.RETRYABLE),
        step_reason=Reason.THROTTLED,
        wait_reason=Reason.MAIL_REFUSED,
        wait_code="403",
        held=True,
    )
    assert (note(waiting).reason, note(waiting).code) == ("mail_refused", "403")


@pytest.mark.parametrize("contact", [None, "", "maria", f"maria@{SCHOOL.addresses.domain}"])
def test_one_that_no_address_can_receive_says_so(contact: str | None) -> None:
    found = note(replace(BLANK, contact=contact))
    assert (found.state, found.reason) == (Sent.NOT_BEGUN, "no_contact_address")
    assert "correct it in the school's information system" in found.sentence


def test_of_an_adopted_account_no_address_is_wanted() -> None:
    assert note(replace(BLANK, origin=Origin.ADOPTED, contact=None)).reason is None


def test_the_recipient_is_shown_where_names_may_be() -> None:
    assert CONTACT not in repr(note(BLANK))
    assert note(BLANK, names=True).to == CONTACT
