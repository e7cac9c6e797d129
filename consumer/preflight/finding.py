"""What a check finds, and which key of the configuration it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumer.configuration.document import Document, Place, dotted
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the keys of one file stand. `overrides` are the environment's variables by the place that they set."""

    document: Document
    overrides: Mapping[tuple[str, ...], str]

    def line(self, finding: Finding) -> Mistake:
        """The finding at its file and line, or at the variable that gives the value."""
        place = tuple(str(part) for part in finding.place)
        variable = next((name for key, name in self.overrides.items() if place[: len(key)] == key), None)
        file = variable or self.document.file
        number = 0 if variable else self.document.line(finding.place)
        return Mistake(file, number, dotted(finding.place), finding.wrong, finding.right)


def located(found: Sequence[tuple[Origin, Sequence[Finding]]]) -> Findings:
    """Findings in the order of files and lines; a line that is found twice is reported once."""
    lines = [(origin.line(one), one.note) for origin, findings in found for one in findings]
    return Findings(
        mistakes=sorted({line for line, note in lines if not note}),
        notes=sorted({line for line, note in lines if note}),
    )
