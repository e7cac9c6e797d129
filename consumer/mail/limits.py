"""Mailgun's limit on messages. Pure.

Mailgun publishes none: an account's own limit is agreed with it, and low at first (its page "Account sending limitation").
"""

from consumer.errors import Throttled
from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.mail.answers import fault_of_send
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Cost
from consumer.tenants import MailgunSection


class MailgunTerms:
    """Keeps `Terms` for one account, or the domain where the account is not named."""

    patience = None

    def __init__(self, section: MailgunSection) -> None:
        limits = section.limits
        whose = f"account/{limits.account}" if limits.account else f"domain/{section.domain}"
        self._messages = Limit(f"mailgun/messages/{whose}", "messages", limits.messages, limits.seconds)

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        del step
        return {self._messages: 1} if writes else {}

    def of_call(self, call: Call) -> Cost:
        return {self._messages: 1} if call.writes else {}

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        if not call.writes or not isinstance(fault_of_send(answer, now=0.0), Throttled):
            return None
        return self._messages

    def used(self, answer: Answer) -> None:
        """Mailgun does not tell."""
        del answer
