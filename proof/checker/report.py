"""What the checker found: every violation with its evidence, and whether the run proves anything at all."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

INVARIANTS: Mapping[str, str] = {
    "I1": "one account for a student at a provider, at every instant",
    "I2": "the final state is that of the newest event",
    "I3": "every input record has one final disposition",
    "I4": "one mail with a password that works",
    "I5": "outcomes are published once, in order, and are the ledger's",
    "I6": "outcomes tell the truth",
    "I7": "nothing is written to what is not ours",
    "I8": "no tenant's credential or domain serves another",
    "I9": "no call while a vendor has asked for time (quotas are the vendors' to say: they are seen as that)",
    "I10": "few writes for each effect",
    "I11": "an offset is committed only when its event is durable",
    "I12": "no call and no result without its intent",
    "I13": "who was fenced writes nothing",
    "I14": "no personal data and no secrets where they do not belong",
    "I15": "all comes to rest soon after the last fault",
    "I16": "versions only rise",
    "I17": "one password for each generation",
    "I18": "dead letters are the records that can't be taken, as they were",
    "I19": "metrics agree with the ledger",
    "I20": "a suspension is one call, is undone by none but a newer event, and none is begun against one",
    "I21": "nothing is adopted, licensed or put into a group but what the ledger or a whole marker proves ours",
    "I22": "no account and no mail is begun that the newest event does not want",
    "I23": "every wait has its cause and its time in the ledger, and is published when it lasts",
    "I24": "nothing is changed at a vendor for a tenant in dry run",
    "I25": "no more accounts lose something within a while than the guard allows, unless a person has approved it",
    "I26": "an account is deleted only in its time and for the newest event, and left alone from its release on",
    "I27": "no account is deleted before that was announced, where it is, and no deletion announced twice",
    "I28": "an address that an account has had is given to no other student",
}
"""By `facts/faults.md`'s numbers, and those that came later."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`evidence` names calls, records and rows by number, without personal data."""

    invariant: str
    subject: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class Report:
    """`looked` says how many things each invariant was held against; none where the history has nothing of the kind.

    `searched` are the bytes of each sink in which personal data was looked for.
    """

    seed: int
    violations: Sequence[Violation]
    invalid: Sequence[str]
    looked: Mapping[str, int]
    effects: int
    faults: Mapping[str, int]
    searched: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def passed(self) -> bool:
        """No violation, in a run that proves something."""
        return not self.violations and not self.invalid

    @property
    def verdict(self) -> str:
        """One word."""
        return "invalid" if self.invalid else "violated" if self.violations else "passed"

    def broken(self) -> Sequence[str]:
        """The invariants that were violated."""
        return sorted({violation.invariant for violation in self.violations}, key=_number)

    def lines(self, *, most: int = 20) -> Iterator[str]:
        """For people: the table, and of each invariant at most so many violations."""
        counts = Counter(violation.invariant for violation in self.violations)
        fired = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items())) or "none ordered"
        yield f"seed {self.seed}: {self.verdict}; effects: {self.effects}; faults: {fired}"
        for name, sentence in INVARIANTS.items():
            looked = self.looked.get(name, 0)
            found = f"{counts[name]} violations" if counts[name] else "holds" if looked else "nothing to look at"
            yield f"{name:>4}  {found:<19} {looked:>7}  {sentence}"
        for reason in self.invalid:
            yield f"invalid: {reason}"
        shown = Counter[str]()
        for violation in sorted(self.violations, key=lambda found: _number(found.invariant)):
            shown[violation.invariant] += 1
            if shown[violation.invariant] <= most:
                yield str(violation)
        for name, count in shown.items():
            if count > most:
                yield f"{name} and {count - most} more"


def _number(invariant: str) -> int:
    return int(invariant[1:])
