"""I22: an account or a mail that is begun though the newest event that was accepted, or should have been, does not want it; and I20: a
suspension, or its end, that is begun against it; and I26: a deletion, or a release.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from consumer.events import Provider
from consumer.ledger.port.student import StepState
from proof.checker.calls import STEPS, accounts_of
from proof.checker.dispositions import at
from proof.checker.index import Index, Student, of
from proof.checker.report import Violation
from proof.history import Call, Change, ExpectedOutcome, Input, Operation

_BEGINS = frozenset({Operation.CREATE, Operation.RESTORE, Operation.PASSWORD, Operation.SEND})
"""With these an account or a mail is begun; a replaced password is for another mail."""
_MAKES = frozenset({Operation.CREATE, Operation.RESTORE})
"""Of these, what an event that only updates does not want."""
_OPENS = frozenset({Operation.REACTIVATE})
_CLOSES = frozenset({Operation.SUSPEND, Operation.SESSIONS, Operation.TAKE_LICENCES})
_GIVES_UP = frozenset({Operation.DELETE, Operation.RELEASE})


class _News(NamedTuple):
    """From the change of this number on, this is wanted."""

    number: int
    since: float
    what: str
    wants: frozenset[Provider] = frozenset()
    updates: frozenset[Provider] = frozenset()
    suspends: frozenset[Provider] = frozenset()
    deletes: frozenset[Provider] = frozenset()
    releases: frozenset[Provider] = frozenset()

    def allows(self, operation: Operation, provider: Provider) -> bool:
        """Whether it wants what the operation begins."""
        if operation is Operation.TAKE_LICENCES:  # where rules are followed, those that are not given any more
            return provider in self.suspends | self.wants | self.updates
        if operation in _CLOSES:
            return provider in self.suspends
        if operation in _GIVES_UP:
            return provider in (self.deletes if operation is Operation.DELETE else self.releases)
        return provider in (self.wants if operation in _MAKES else self.wants | self.updates)


def unwanted(index: Index) -> Iterator[Violation]:
    """I22: what was intended before the event came may still be carried out, within the time of one operation."""
    news = _news(index)
    intents = _intents(index)
    for call in index.history.calls:
        if call.operation not in _BEGINS | _OPENS | _CLOSES | _GIVES_UP:
            continue
        # A mail may be about either of the accounts with its address.
        accounts = accounts_of(index, call)
        wrong = [_wrong(index, call, account, news.get(account[0], ()), intents) for account in accounts]
        if wrong and all(wrong):
            invariant = "I22" if call.operation in _BEGINS else "I26" if call.operation in _GIVES_UP else "I20"
            yield Violation(invariant, of(*accounts[0]), f"call {call.number} ({call.operation}) {wrong[0]}")


def looked_at(index: Index) -> int:
    """How many students there are for whom some event does not want an account, or makes none."""
    return len(_concerned(index))


def _wrong(
    index: Index,
    call: Call,
    account: tuple[Student, str],
    news: Sequence[_News],
    intents: Mapping[tuple[Student, str, str], Sequence[Change]],
) -> str | None:
    bounds = index.history.bounds
    student, provider = account
    step = (student, provider, STEPS[call.operation].value)
    known = [intent for intent in intents.get(step, ()) if intent.at <= call.began + bounds.clocks]
    for one in reversed(news):
        intended = known[-1].number < one.number if known else False
        if intended and call.began <= one.since + bounds.operation + bounds.clocks:
            continue
        if not known and call.began <= one.since + bounds.clocks:
            continue
        if one.allows(call.operation, Provider(provider)):
            return None
        return f"began {call.began - one.since:.1f} s after {one.what} was accepted, which does not want it"
    return None


def _intents(index: Index) -> Mapping[tuple[Student, str, str], Sequence[Change]]:
    intents: dict[tuple[Student, str, str], list[Change]] = defaultdict(list)
    for change in index.changes.get("step", ()):
        row = change.row
        if row["state"] == StepState.STARTED:
            intents[(row["tenant_id"], row["student_id"]), row["provider"], row["name"]].append(change)
    return intents


def _news(index: Index) -> Mapping[Student, Sequence[_News]]:
    """Of each student for whom some event does not want an account; of others nothing is unwanted."""
    idle, concerned = _idle(index), _concerned(index)
    rows: dict[Student, list[Change]] = defaultdict(list)
    for change in index.changes.get("student", ()) if concerned else ():
        student = (change.row["tenant_id"], change.row["student_id"])
        if student in concerned:
            rows[student].append(change)
    passed = _Passed(index)
    return {
        student: sorted(
            [*_accepted(index, student, changes), *_left_alone(index, idle.get(student, ()), changes, passed)],
            key=lambda one: one.number,
        )
        for student, changes in rows.items()
    }


def _concerned(index: Index) -> frozenset[Student]:
    idle = _idle(index)
    given_up = {index.owner_of_call(call) for call in index.history.calls if call.operation in _GIVES_UP}
    return frozenset(
        student
        for student, wanted in index.students.items()
        if student in idle
        or student in given_up
        or any(one.suspends or one.updates or one.releases for one in wanted.accepted)
    )


def _idle(index: Index) -> Mapping[Student, Sequence[Input]]:
    idle: dict[Student, list[Input]] = defaultdict(list)
    for one in index.history.inputs:
        if one.expected is ExpectedOutcome.SKIP and one.tenant_id is not None and one.student_id is not None:
            idle[one.tenant_id, one.student_id].append(one)
    return idle


def _accepted(index: Index, student: Student, changes: Sequence[Change]) -> Iterator[_News]:
    """Each version that became the newest, in the order in which they did. Of tied events any may be the one that did."""
    accepted: dict[int, list[Input]] = defaultdict(list)
    for one in index.students[student].accepted:
        accepted[one.version or 0].append(one)
    newest = None
    for change in changes:
        version = change.row["desired_version"]
        if version != newest and (tied := accepted.get(version)):
            yield _News(
                change.number,
                change.at,
                f"version {version}",
                wants=frozenset[Provider]().union(*(one.wants for one in tied)),
                updates=frozenset[Provider]().union(*(one.updates for one in tied)),
                suspends=frozenset[Provider]().union(*(one.suspends for one in tied)),
                deletes=frozenset[Provider]().union(*(one.deletes for one in tied)),
                releases=frozenset[Provider]().union(*(one.releases for one in tied)),
            )
        newest = version


def _left_alone(index: Index, idle: Sequence[Input], changes: Sequence[Change], passed: "_Passed") -> Iterator[_News]:
    """Events that ask for nothing and were passed over, though an older event that came before them was open then."""
    versions = {change.row["desired_version"] for change in changes}
    for one in idle:
        if one.version in versions or (by := passed.by(one)) is None:
            continue
        before = [change for change in changes if change.number < by.number]
        row = before[-1].row if before else None
        if row is None or not row["settled_version"] < row["desired_version"] < (one.version or 0):
            continue
        student = (str(one.tenant_id), str(one.student_id))
        came_before = any(
            other.version == row["desired_version"]
            and other.place[:2] == one.place[:2]
            and other.place[2] < one.place[2]
            for other in index.students[student].accepted
        )
        if came_before:
            yield _News(by.number, by.at, f"{at(one.place)} (which cancels version {row['desired_version']})")


class _Passed:
    """When the ledger's next offset of a partition was first beyond a record: it has been dealt with since."""

    def __init__(self, index: Index) -> None:
        self._offsets: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._changes: dict[tuple[str, int], list[Change]] = defaultdict(list)
        for change in index.changes.get("partition_epoch", ()):
            offset = change.row.get("next_offset")
            place = (change.row["topic"], change.row["partition"])
            if offset is not None and offset > (self._offsets[place] or [-1])[-1]:
                self._offsets[place].append(offset)
                self._changes[place].append(change)

    def by(self, one: Input) -> Change | None:
        topic, partition, offset = one.place
        found = bisect_left(self._offsets[topic, partition], offset + 1)
        changes = self._changes[topic, partition]
        return changes[found] if found < len(changes) else None
