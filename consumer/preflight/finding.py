"""What a check finds, and which key of the configuration it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass

from consumer.configuration.document import Document, Place
from consumer.configuration.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is the key that it concerns. `wrong` continues "`key` …"; `right` is what to do, as a sentence.

    A `note` is no mistake: something that works and should be changed, or that could not be checked.
    """

    place: Place
    wrong: str
    right: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings, as lines for people: mistakes, after which something fails, and notes."""

    mistakes: Sequence[Mistake] = ()
    notes: Sequence[Mistake] = ()


def located(found: Sequence[tuple[Document, Sequence[Finding]]]) -> Findings:
    """Findings in the order of files and lines, or of the variables that gave the values; a line that is found twice is reported once."""
    lines = [
        (document.mistake(one.place, one.wrong, one.right), one.note)
        for document, findings in found
        for one in findings
    ]
    return Findings(
        mistakes=sorted({line for line, note in lines if not note}),
        notes=sorted({line for line, note in lines if note}),
    )
