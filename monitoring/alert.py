"""An alert: when it fires, how urgent it is, and what the person who gets it reads first."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How soon a person looks."""

    PAGE = "page"  # now, whatever the hour: students or subscribers notice, and it does not end by itself
    TICKET = "ticket"  # on the next working day: one tenant, or nothing that anyone notices yet


@dataclass(frozen=True, slots=True)
class Alert:
    """`when` is PromQL with one series for each thing that is wrong; its labels are the alert's. `lasts` is for how long it must be so
    (a Prometheus duration). `summary` is one sentence, in which `{{ $labels.… }}` and `{{ $value }}` may stand.

    `name` is in CamelCase, as Prometheus has it; the runbook's file is named after it.
    """

    name: str
    severity: Severity
    when: str
    lasts: str
    summary: str

    @property
    def runbook(self) -> str:
        """The page that says what to do, in this repository."""
        return runbook(self.name)


def runbook(alert: str) -> str:
    """The page of the alert of this name."""
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in alert)
    return f"docs/runbooks/{words.removeprefix('-')}.md"
