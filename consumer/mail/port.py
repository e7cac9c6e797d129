"""What the service asks of a mail service. `mailgun` keeps this port; so do the tests' fakes."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One rendered mail. `message_id` (without brackets) is ours, and the only way to ask later what became of it.

    `copies` are plain addresses that get it too, unseen by the others (Bcc).
    """

    message_id: str
    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    copies: tuple[str, ...] = field(default=(), repr=False)


class Mailer(Protocol):
    """One institution's way to send mail. Raises as `consumer.providers.port` says."""

    async def send(self, mail: Mail, *, timeout: float) -> None:
        """Hands the mail over; returning means that it was accepted. Not idempotent: the service knows no repeat."""
        ...

    async def was_accepted(self, message_id: str, *, since: float, timeout: float) -> bool:
        """Whether a mail with this Message-Id was accepted after `since` (Unix seconds). False proves nothing before the hold-down."""
        ...
