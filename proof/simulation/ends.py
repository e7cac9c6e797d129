"""Where students' accounts are at the end, by the vendors alone, against where their events lead."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from proof.checker.index import Index, Student, of
from proof.history import ExpectedOutcome, HeldAccount, History, Operation
from proof.simulation.fold import Event, State, deletable_from, folded
from proof.simulation.institutions import GRACE, tenants
from proof.simulation.run import START
from proof.simulation.scenario import Scenario

_LASTING = 900.0
"""Seconds for which faults may keep an event from being dealt with."""
_DONE = frozenset({Disposition.APPLIED, Disposition.FAILED})


class Ends:
    """Of one run. `certain` counts the accounts of which only one state is right, by that state; `wrong` is what is not right."""

    def __init__(self, scenario: Scenario, history: History) -> None:
        self._index = Index(history)
        self._providers = {tenant.id: tenant.providers for tenant in tenants()}
        self.certain: Counter[State] = Counter()
        self.accounts = 0
        self.wrong = [
            wrong
            for student, events in self._events(scenario).items()
            for provider in self._providers[student[0]]
            for wrong in self._wrong(student, provider, events)
        ]

    def _wrong(self, student: Student, provider: Provider, events: Sequence[Event]) -> Iterator[str]:
        right, found = folded(events), self._found(student, provider)
        self.accounts += 1
        if len(right) == 1:
            self.certain[next(iter(right))] += 1
        if found not in right:
            yield f"{of(student, provider)} is {found}, which should be {' or '.join(sorted(right))}: {_listed(events)}"
        for call in self._index.made_for.get((*student, provider), ()):
            for deletion in self._index.about[student[0], provider.value, call.object_id or ""]:
                if deletion.operation is Operation.DELETE and deletion.effective:
                    since = deletable_from(events, at=deletion.began, grace=GRACE, lasting=_LASTING)
                    if since is None or deletion.began < since:
                        yield f"{of(student, provider)} is deleted too early, by call {deletion.number}: {_listed(events)}"

    def _found(self, student: Student, provider: Provider) -> State:
        """By the accounts that were made for the student, whatever the ledger says of them."""
        made = self._index.made_for.get((*student, provider), ())
        held = [self._index.held[student[0], provider.value, call.object_id or ""] for call in made]
        live = [account for account in held if not account.deleted]
        if not live:
            return State.DELETED if held else State.NONE
        return _of(live[-1])

    def _events(self, scenario: Scenario) -> Mapping[Student, Sequence[Event]]:
        """Of each student the events that the service took, as they stand on the topic: a student's are in one partition."""
        sent: dict[str | None, float] = {}
        for one in scenario.sent:
            sent.setdefault(one.record.event_id, START + one.at)
        events: dict[Student, list[Event]] = defaultdict(list)
        for one in sorted(self._index.history.inputs, key=lambda each: each.place):
            student = (one.tenant_id or "", one.student_id or "")
            row = self._index.inbox.get((student[0], one.event_id or ""))
            if row is None and one.expected is ExpectedOutcome.SKIP:
                continue  # there was nothing to cancel
            done = row is not None and row.disposition in _DONE
            events[student].append(Event(one.version or 0, one.action, sent[one.event_id], carried_out=done))
        return events


def _of(account: HeldAccount) -> State:
    if account.marker is None:
        return State.RELEASED if account.enabled else State.RELEASED_BLOCKED
    return State.OPEN if account.enabled else State.BLOCKED


def _listed(events: Sequence[Event]) -> str:
    return ", ".join(
        f"v{one.version} {one.action or 'nothing'} at {one.at - START:.0f} s{'' if one.carried_out else ' (overtaken)'}"
        for one in events
    )
