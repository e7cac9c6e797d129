"""A mail service in memory that keeps `consumer.mail.port`, with faults on order."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from consumer.errors import Fault, GiveUp, Hold, OutcomeUnknown, Reason, Scope, Throttled, Unavailable
from consumer.mail.port import Mail


@dataclass(frozen=True, slots=True)
class Mishap:
    """The fault of one `send`: whether the mail goes out all the same, and what the caller gets."""

    sent: bool
    fault: Fault


def lost_response() -> Mishap:
    """The mail is accepted, and the answer never arrives."""
    return Mishap(sent=True, fault=OutcomeUnknown("The mail service's answer was lost."))


def error_but_sent() -> Mishap:
    """The service answers 500 and sends the mail all the same."""
    return Mishap(sent=True, fault=OutcomeUnknown("The mail service answered 500."))


def lost_request() -> Mishap:
    """The call times out, and the mail was never accepted."""
    return Mishap(sent=False, fault=OutcomeUnknown("The mail service did not answer in time."))


def refused() -> Mishap:
    """The service will never take this mail."""
    return Mishap(sent=False, fault=GiveUp("The mail service refuses this mail.", reason=Reason.MAIL_REFUSED))


def throttled(after: float | None) -> Mishap:
    """The service asks for `after` seconds."""
    return Mishap(sent=False, fault=Throttled("The mail service limits the rate.", after=after))


def unreachable() -> Mishap:
    """No connection: definitely not sent."""
    return Mishap(sent=False, fault=Unavailable("The mail service can't be reached."))


def bad_key() -> Mishap:
    """The service does not know the key: no mail of the tenant will pass."""
    return Mishap(
        sent=False,
        fault=Hold("The mail service refuses the key.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT),
    )


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that the service took, and when (Unix seconds)."""

    mail: Mail
    at: float


class FakeMailer:
    """Takes every mail at once, unless mishaps are on order. `mailbox` holds what was accepted, `attempts` every call."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._mishaps: deque[Mishap | None] = deque()
        self.mailbox: list[Accepted] = []
        self.attempts: list[Mail] = []
        self.look_ups: list[str] = []
        self.index_lag = 0.0

    def next_sends(self, *mishaps: Mishap | None) -> None:
        """The next sends go as ordered, one each (None: well)."""
        self._mishaps.extend(mishaps)

    def to(self, recipient: str) -> list[Mail]:
        """Mails accepted for one reader, oldest first."""
        mails = [accepted.mail for accepted in self.mailbox]
        return [mail for mail in mails if recipient in {mail.recipient, *mail.copies}]

    async def send(self, mail: Mail, *, timeout: float) -> None:
        """See the port."""
        assert timeout > 0
        self.attempts.append(mail)
        mishap = self._mishaps.popleft() if self._mishaps else None
        if mishap is None or mishap.sent:
            self.mailbox.append(Accepted(mail, self._clock()))
        if mishap is not None:
            raise mishap.fault

    async def was_accepted(self, message_id: str, *, since: float, timeout: float) -> bool:
        """See the port. `index_lag` seconds pass before an accepted mail can be found, as at Mailgun."""
        assert timeout > 0
        self.look_ups.append(message_id)
        return any(
            accepted.mail.message_id == message_id and since <= accepted.at <= self._clock() - self.index_lag
            for accepted in self.mailbox
        )
