"""What Mailgun does not document, or does differently from day to day: each a switch, none an assumption."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MailgunQuirks:
    """Defaults: everything at once, no limit. Durations are seconds."""

    ingestion_delay: float = 0.0
    """Events and logs show a message only after so long; the documents trust ranges older than 30 minutes."""

    delivery_delay: float = 0.0
    """From accepted to delivered."""

    retention: float = 3 * 86_400.0
    """How long events are kept: a day on the free plan, up to 30 on paid ones, at least 3 by the API's description."""

    requests_per_second: float | None = None
    """The account's limit on messages calls; no number is published."""

    throttled_for: int = 120
    """What a 429 says to wait."""

    sandbox_status: Literal[400, 403] = 403
    """How a sandbox domain refuses a recipient: reported with either."""

    rate_header: Literal["retry-after", "x-ratelimit-reset", "none"] = "none"
    """What a 429 carries besides its sentence: none is declared; official clients look for either."""
