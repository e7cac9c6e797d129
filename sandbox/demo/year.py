"""The rest of the school year at one institution: a class moves up, one has another name, some leave for good, one returns, and by mistake
all are withdrawn.

Each act is reported to the service as a school's information system does it, and held against what was published and what the vendor has.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from consumer.codec.schemas import ACCOUNT_CHANGED
from consumer.errors import Stop
from consumer.events import AccountChange, Student
from consumer.policy.guard import Guarded, admitted, guard_limits
from consumer.policy.guard import Standing as GuardStanding
from sandbox.demo.environment import Environment
from sandbox.demo.inspection import decoded
from sandbox.demo.institutions import DELETION_DATE, SCHOOL, in_a_quiet_time
from sandbox.demo.ledger_view import LedgerView, Standing
from sandbox.demo.scenario import Scenario, encoder, produce
from sandbox.demo.topics import read_all
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.expectation import Fate
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.sequels import newest_of, sequel

_PATIENCE, _LOOK_EVERY = 60.0, 0.2
_CLASS, _LEAVERS = 10, 5

Changes = Counter[AccountChange]


@dataclass(slots=True)
class Act:
    """`wanted` are the changes that it is to bring about, `found` those that were published for its events; `parked`: suspensions that
    the guard has stopped."""

    title: str
    records: Sequence[SimulatedRecord] = field(repr=False)
    wanted: Changes
    parked: int = 0
    found: Changes = field(default_factory=Counter[AccountChange])

    @property
    def right(self) -> bool:
        """Whether it has brought that about, and nothing else. Where answers were lost at the intake, an account may be updated besides."""
        others = self.found.keys() - self.wanted.keys() - {AccountChange.UPDATED}
        return not others and all(self.found[change] == count for change, count in self.wanted.items())


class Year:
    """One institution after its intake. Acts come one after the other."""

    def __init__(self, environment: Environment, scenario: Scenario, view: LedgerView) -> None:
        self._environment = environment
        self._view = view
        self._encoder = encoder(environment)
        self._tenant = next(tenant for tenant in environment.tenants if tenant.id == SCHOOL)
        self._newest = _enrolled(scenario)
        environment.vendors.faults.set(in_a_quiet_time())

    async def play(self) -> Sequence[Act]:
        """All acts. Raises `Stop` where one does not come to its end in a minute."""
        idents = list(self._newest)
        acts = [
            await self._move_up(idents[:_CLASS]),
            await self._change_name(idents[_CLASS]),
            *await self._leave_for_good(idents[-_LEAVERS:]),
            *await self._withdraw_by_mistake([*idents[:-_LEAVERS], idents[-1]]),
        ]
        await asyncio.to_thread(self._read, acts)
        return acts

    async def _move_up(self, idents: Sequence[str]) -> Act:
        act = self._report(
            "a class moves up, to another school",
            idents,
            "moved-up",
            _each(idents, AccountChange.UPDATED, AccountChange.MOVED),
            _moved,
        )
        await self._act(act, lambda now: now.pending == 0)
        return act

    async def _change_name(self, ident: str) -> Act:
        act = self._report(
            "one has another name, and another address with it",
            [ident],
            "moved-up",
            _each([ident], AccountChange.UPDATED, AccountChange.RENAMED),
            _named_anew,
        )
        await self._act(act, lambda now: now.pending == 0)
        return act

    async def _leave_for_good(self, idents: Sequence[str]) -> Sequence[Act]:
        """The last of them returns."""
        *leaving, returning = idents
        gone = self._report(
            "some leave for good",
            leaving,
            "departed",
            _each(leaving, AccountChange.SUSPENDED, AccountChange.DELETION_SCHEDULED, AccountChange.DELETED),
        )
        staying = self._report(
            "one leaves for good on a later day …",
            [returning],
            "departed",
            _each([returning], AccountChange.SUSPENDED, AccountChange.DELETION_SCHEDULED),
            _on_a_later_day,
        )
        await self._act(gone, lambda now: now.states.get("deleted") == len(leaving))
        await self._act(staying, lambda now: now.pending == 0)
        back = self._report(
            "… and returns before it",
            [returning],
            "enrolled",
            _each([returning], AccountChange.DELETION_CANCELLED, AccountChange.REACTIVATED, AccountChange.MOVED),
        )
        await self._act(back, lambda now: now.pending == 0)
        return [gone, staying, back]

    async def _withdraw_by_mistake(self, idents: Sequence[str]) -> Sequence[Act]:
        limit = guard_limits(self._tenant)[Guarded.SUSPEND_ACCOUNT]
        most = admitted(limit, GuardStanding(0, parked=False, accounts=lambda: len(self._newest)), len(idents))
        withdrawn = self._report(
            "all are withdrawn by mistake: the guard stops it", idents, "left", Counter({AccountChange.SUSPENDED: most})
        )
        withdrawn.parked = len(idents) - most
        await self._act(withdrawn, lambda now: now.parked == withdrawn.parked and now.states.get("suspended") == most)
        opened = Counter({AccountChange.REACTIVATED: most, AccountChange.MOVED: most})
        corrected = self._report("… and the mistake is corrected", idents, "enrolled", opened)
        await self._act(corrected, lambda now: now.pending == 0)
        return [withdrawn, corrected]

    def _report(
        self,
        title: str,
        idents: Sequence[str],
        status: str,
        wanted: Changes,
        changed: Callable[[Student], Student] = lambda student: student,
    ) -> Act:
        """The act with its events."""
        for ident in idents:
            before = self._newest[ident]
            self._newest[ident] = sequel(before, status, self._encoder, changed(before.student))
        return Act(title, [self._newest[ident] for ident in idents], wanted)

    async def _act(self, act: Act, over: Callable[[Standing], bool]) -> None:
        """Publishes the events, and waits until it is over and all outcomes are published."""
        await asyncio.to_thread(produce, self._environment, act.records)
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        known = {record.event_id for record in act.records}
        while True:
            accepted = known <= {event for _, event in await asyncio.to_thread(self._view.inbox)}
            now = await asyncio.to_thread(self._view.standing, SCHOOL)
            if accepted and over(now) and not now.unpublished:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Stop(f"After {_PATIENCE:.0f} s, this is not over: {act.title}.")
            await asyncio.sleep(_LOOK_EVERY)

    def _read(self, acts: Sequence[Act]) -> None:
        settings = self._environment.settings.kafka
        topic = settings.topics.account_changed
        by_event = {record.event_id: act for act in acts for record in act.records}
        for message in read_all(settings, [topic])[topic]:
            event = decoded(message.value() or b"", ACCOUNT_CHANGED)
            if act := by_event.get(event["cause"]["event_id"]):
                act.found[AccountChange(event["change"])] += 1


def _enrolled(scenario: Scenario) -> dict[str, SimulatedRecord]:
    """The institution's students who have an account, each with the newest event."""
    applied = [
        record
        for record in scenario.records.values()
        if record.tenant_id == SCHOOL and Fate.APPLIED in record.expectation.fates
    ]
    return {student_id: record for (_, student_id), record in newest_of(applied).items()}


def _each(idents: Sequence[str], *changes: AccountChange) -> Changes:
    """Each of these, once for each student."""
    return Counter(dict.fromkeys(changes, len(idents)))


def _moved(student: Student) -> Student:
    school = SCHOOLS[(SCHOOLS.index(student.attributes["school"]) + 1) % len(SCHOOLS)]
    return student.model_copy(update={"attributes": {**student.attributes, "school": school}})


def _named_anew(student: Student) -> Student:
    return student.model_copy(update={"family_name": f"{student.family_name}-Weber"})


def _on_a_later_day(student: Student) -> Student:
    return student.model_copy(update={"attributes": {**student.attributes, DELETION_DATE: "2099-07-01"}})
