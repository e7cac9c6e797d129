"""The events of an account's messages, which show up late and are kept for some days; asked through two APIs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sandbox.simulators.mailgun.message import Message

Matches = Callable[["Event"], bool]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one message for one recipient, at `at` (Unix seconds)."""

    id: str
    name: Literal["accepted", "delivered", "failed"]
    at: float
    recipient: str = field(repr=False)
    message: Message
    reason: str | None = None

    @property
    def severity(self) -> str | None:
        """`permanent` on a failure."""
        return "permanent" if self.name == "failed" else None

    def values(self, attribute: str) -> Sequence[str]:
        """What can be filtered by, under its name in the logs API."""
        known: Mapping[str, Sequence[str | None]] = {
            "event": [self.name],
            "message_id": [self.message.message_id],
            "recipient": [self.recipient],
            "domain": [self.message.domain],
            "subject": [self.message.subject],
            "from": [self.message.sender],
            "to": [self.message.to],
            "severity": [self.severity],
            "tag": self.message.tags,
        }
        return [value for value in known[attribute] if value is not None]

    def shown(self) -> dict[str, Any]:
        """The event as GET /v3/{domain}/events answers it."""
        flags = {"is-authenticated": True, "is-routed": False, "is-test-mode": self.message.test_mode}
        return self._common() | {
            "timestamp": self.at,
            "user-variables": dict(self.message.variables),
            "flags": flags,
        }

    def logged(self) -> dict[str, Any]:
        """The event as POST /v1/analytics/logs answers it."""
        moment = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        never = dict.fromkeys(("is-system-test", "is-routed", "is-delayed-bounce", "is-callback"), False)
        flags = {"is-authenticated": True, "is-test-mode": self.message.test_mode, **never}
        return self._common() | {"@timestamp": moment, "domain": {"name": self.message.domain}, "flags": flags}

    def _common(self) -> dict[str, Any]:
        message = self.message
        headers = {"message-id": message.message_id, "from": message.sender, "to": message.to}
        shown: dict[str, Any] = {
            "id": self.id,
            "event": self.name,
            "log-level": "error" if self.severity else "info",
            "method": "HTTP",
            "recipient": self.recipient,
            "recipient-domain": self.recipient.rpartition("@")[2],
            "tags": list(message.tags),
            "envelope": {"sender": message.sender, "targets": self.recipient, "transport": "smtp"},
            "message": {
                "headers": headers | {"subject": message.subject},
                "attachments": list[object](),
                "recipients": list(message.recipients),
                "size": message.size,
            },
        }
        if self.name == "failed":
            shown |= {"severity": self.severity, "reason": self.reason, "delivery-status": {"code": 605, "message": ""}}
        elif self.name == "delivered":
            shown["delivery-status"] = {"code": 250, "tls": True, "certificate-verified": True, "message": "OK"}
        return shown


class Journal:
    """Unix seconds come from `clock`; `delay` and `retention` in seconds."""

    def __init__(self, *, clock: Callable[[], float], delay: float, retention: float) -> None:
        self._clock = clock
        self._delay = delay
        self._retention = retention
        self._events: list[Event] = []

    def write(
        self,
        name: Literal["accepted", "delivered", "failed"],
        message: Message,
        recipient: str,
        *,
        at: float,
        reason: str | None = None,
    ) -> None:
        """Keeps an event; it is visible from `at` plus the delay on."""
        self._events.append(Event(uuid4().hex[:22], name, at, recipient, message, reason))

    def find(self, matches: Matches, *, begin: float, end: float, ascending: bool) -> Sequence[Event]:
        """The events that can be seen now, in the order of their times."""
        now = self._clock()
        oldest = max(begin, now - self._retention)
        found = [e for e in self._events if oldest <= e.at <= min(end, now - self._delay) and matches(e)]
        return sorted(found, key=lambda event: event.at, reverse=not ascending)
