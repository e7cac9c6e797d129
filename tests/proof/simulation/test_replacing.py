"""Passwords that an institution replaces while their mails wait."""

from dataclasses import replace

from consumer.errors import Reason
from consumer.events import MailState, WelcomeEmailStatus
from proof.checker import check
from proof.history import History
from proof.simulation.run import play
from proof.simulation.scenario import scenario
from sandbox.simulators.vendors import Quirks
from tests.proof.bugs.faults import PASSWORDS_REPLACED_WHILE_MAILS_WAIT

FIRST, SEEDS = 0, 10


def played(seed: int) -> History:
    alone = replace(scenario(seed), residents=(), crashes=(), stalls={}, quirks=Quirks())
    return play(replace(alone, faults=PASSWORDS_REPLACED_WHILE_MAILS_WAIT)).history


def test_no_mail_tells_a_password_that_was_replaced_and_the_reason_is_published() -> None:
    judged, reasons = 0, set[Reason | None]()
    for seed in range(FIRST, FIRST + SEEDS):
        history = played(seed)
        if any(one.suspends for one in history.inputs):
            continue  # the password of a student who left was destroyed, and may be another on return
        judged += 1
        ends = [one.outcome for one in history.published if isinstance(one.outcome, WelcomeEmailStatus)]
        assert not history.mails
        failed = {one.reason for one in ends if one.state is MailState.FAILED}
        # That of a cancelled event was destroyed: a student who returns to an account in use needs none.
        assert failed <= {Reason.CREDENTIAL_REPLACED, Reason.CREDENTIAL_EXPIRED}
        reasons |= failed
        assert MailState.ACCEPTED not in {one.state for one in ends}
        assert check(history).passed
    assert judged
    assert Reason.CREDENTIAL_REPLACED in reasons
