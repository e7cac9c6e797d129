"""What recipients hold: every mail that was accepted, those whose answer never reached the sender included."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.simulators.mailgun.message import Message


class Fate(StrEnum):
    """What became of an accepted mail for one recipient."""

    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"  # the recipient had bounced before
    TEST_MODE = "test_mode"  # asked for by `o:testmode`: never leaves


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as one recipient has it. `accepted_at` in Unix seconds; `message_id` without brackets."""

    recipient: str = field(repr=False)
    fate: Fate
    accepted_at: float
    domain: str
    message_id: str
    sender: str
    subject: str
    text: str | None = field(repr=False)
    html: str | None = field(repr=False)
    options: dict[str, list[str]] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """For readers in other processes."""
        return asdict(self)


class Mailbox:
    """Every mail in the order of acceptance."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []

    @property
    def mails(self) -> Sequence[Mail]:
        """Everything that was accepted, one entry for each recipient."""
        return tuple(self._mails)

    def of(self, recipient: str) -> Sequence[Mail]:
        """What this person finds in the inbox."""
        wanted = recipient.lower()
        return tuple(mail for mail in self._mails if mail.recipient == wanted and mail.fate is Fate.DELIVERED)

    def put(self, message: Message, recipient: str, fate: Fate, *, now: float) -> None:
        """Keeps the message for one recipient."""
        self._mails.append(
            Mail(
                recipient=recipient,
                fate=fate,
                accepted_at=now,
                domain=message.domain,
                message_id=message.message_id,
                sender=message.sender,
                subject=message.subject,
                text=message.text,
                html=message.html,
                options={name: list(values) for name, values in message.options.items()},
            )
        )
