"""What every case of a process uses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from consumer.events import Outcome
from consumer.failpoints import UNARMED, Failpoints
from consumer.ledger.port.work import Work
from consumer.ledger.port.writes import Publish
from consumer.ledger.vault import Vault
from consumer.mail.rendering import Templates


class Announcer(Protocol):
    """Makes an outcome ready for its topic; `traceparent` is the W3C trace context of the event that it answers."""

    def __call__(self, outcome: Outcome, *, traceparent: str | None) -> Publish: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What every case of a process uses. `password` makes a new one; times are in seconds.

    `verify_after`: how long a call with an unknown outcome may still take effect, or its effect stay hidden by replication lag.
    """

    work: Work
    vault: Vault
    announce: Announcer
    password: Callable[[], str]
    templates: Templates
    mail_hold_down: float
    credential_lifetime: float
    verify_after: float
    failpoints: Failpoints = UNARMED
