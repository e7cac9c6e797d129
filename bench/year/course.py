"""The year as one installation lives it.

events ─▶ unread ─▶ read by the replicas ─▶ waiting, by school ─▶ shared out ─▶ accounts ─▶ outcomes ─▶ published by the relay
                          └── takes of their processors' time ────────▶ ▲ ◀── replicas, database, vendors' limits
"""

from collections import OrderedDict, deque
from collections.abc import Sequence

from bench.year.arrivals import Arrivals
from bench.year.assumptions import DAY, Year
from bench.year.capacity import Capacity
from bench.year.record import Record
from bench.year.schools import School
from bench.year.sharing import shared
from bench.year.tokens import Tokens
from bench.year.vendors import UNLIMITED, allowances
from bench.year.waiting import Came, Line
from consumer.events import Provider

_READING = 0.5
"""Of a busy replica's time, at most: its threads take turns."""


class Course:
    """One installation with so many replicas; `one_application`: see `allowances`. `record` is what came of it so far."""

    def __init__(
        self, year: Year, capacity: Capacity, schools: Sequence[School], replicas: int, *, one_application: bool = False
    ) -> None:
        self.record = Record(year, capacity, replicas)
        self._year = year
        self._capacity = capacity
        self._schools = schools
        self._sizes = [school.size for school in schools]
        self._replicas = replicas
        self._unread: deque[tuple[int, Came]] = deque()
        self._lines: OrderedDict[int, Line] = OrderedDict()
        self._waiting = 0
        self._unpublished = 0.0
        self._spare = 0.0
        self._now = 0
        limits = {provider: allowances(provider, one_application=one_application) for provider in Provider}
        self._own = [Tokens(limits[school.provider].own, year.step) for school in schools]
        self._common = {
            provider: Tokens(both.common, year.step) for provider, both in limits.items() if both.common != UNLIMITED
        }
        self._reading = capacity.act_cpu + year.skipped * capacity.skip_cpu
        least = min(_READING * replicas * capacity.accounts, capacity.database, capacity.relay)
        self._at_once = 0 if self._common else int(least * year.step)
        self._rest = max(tokens.fills_in for tokens in self._own)
        self._rested_at = 0
        self._in_work = int(replicas * capacity.tenant * year.step)
        self._always = min(self._in_work, *(tokens.always for tokens in self._own))

    def take(self, arrivals: Arrivals) -> None:
        """Plays up to these events, which come now."""
        self._play(until=arrivals.step)
        self.record.events += arrivals.total * (1 + self._year.skipped)
        if self._passes(arrivals):
            self._pass(arrivals)
            return
        self._waiting += arrivals.total
        for school, students in arrivals.events.items():
            self._unread.append((school, Came(arrivals.step, arrivals.intake, students)))

    def finish(self) -> Record:
        """Plays until nothing waits."""
        self._play(until=None)
        return self.record

    def _play(self, *, until: int | None) -> None:
        while (self._waiting or self._unpublished) and (until is None or self._now < until):
            intake = self._year.is_intake(self._now * self._year.step // DAY)
            self.record.waiting(self._now, self._waiting, intake=intake)
            self._work(self._replicas * self._year.step - self._read())
            self._publish()
            self._now += 1
            self._rested_at = self._now + self._rest
        if until is not None:
            self._now = max(self._now, until)

    def _passes(self, arrivals: Arrivals) -> bool:
        """Whether so few reach no limit, after a rest in which all have filled up. Most steps of the year are such."""
        rested = not self._waiting and self._now >= self._rested_at
        return rested and arrivals.total <= self._at_once and arrivals.most <= self._always

    def _pass(self, arrivals: Arrivals) -> None:
        """All within the step: what `_play` would come to."""
        self.record.waiting(self._now, arrivals.total, intake=arrivals.intake)
        for size, students in arrivals.by_size.items():
            self.record.waited(size, self._now, self._now, students, intake=arrivals.intake)
        self.record.busy(self._now, arrivals.total * (self._reading + 1 / self._capacity.accounts))
        self._now += 1

    def _read(self) -> float:
        """Takes in what the replicas have time for; the seconds that they needed."""
        if not self._unread:
            return 0.0
        places = most = int(_READING * self._replicas * self._year.step / self._reading)
        while self._unread and places:
            school, came = self._unread[0]
            students = min(came.students, places)
            places -= students
            self._lines.setdefault(school, Line()).join(came.step, students, intake=came.intake)
            came.students -= students
            if not came.students:
                self._unread.popleft()
        needed = (most - places) * self._reading
        self.record.busy(self._now, needed)
        return needed

    def _work(self, seconds: float) -> None:
        """Makes the accounts that the replicas, the database and the vendors allow."""
        by_replicas = seconds * self._capacity.accounts
        by_database = self._year.step * self._capacity.database
        allowed = min(by_replicas, by_database) + self._spare
        wanted = self._wanted()
        got = shared(wanted, int(allowed))
        made = sum(got.values())
        self._spare = min(allowed - made, 1.0)
        if got is not wanted:
            self.record.limited["replicas" if by_replicas < by_database else "database"] += self._year.step
        for school, accounts in got.items():
            self._make(school, accounts)
        self._waiting -= made
        self._unpublished += made * self._capacity.outcomes_each
        self.record.busy(self._now, made / self._capacity.accounts)

    def _wanted(self) -> dict[int, int]:
        """By school: who waits, as far as the vendor and the tenant's places in all replicas allow."""
        wanted = {school: line.students for school, line in self._lines.items()}
        at_vendors = 0
        for school in [school for school, waiting in wanted.items() if waiting > self._always]:
            by_vendor = self._own[school].available(self._now)
            at_vendors += by_vendor < min(wanted[school], self._in_work)
            wanted[school] = min(wanted[school], by_vendor, self._in_work)
        self.record.at_vendors(at_vendors)
        for provider, tokens in self._common.items():
            theirs = {school: want for school, want in wanted.items() if self._schools[school].provider is provider}
            got = shared(theirs, tokens.available(self._now))
            if got is not theirs:
                self.record.limited["one application"] += self._year.step
                wanted = {school: want for school, want in wanted.items() if school not in theirs} | dict(got)
        return wanted

    def _make(self, school: int, accounts: int) -> None:
        """Those whose events came first; the school is the last to have another turn."""
        provider, size, line = self._schools[school].provider, self._sizes[school], self._lines[school]
        self._own[school].use(self._now, accounts)
        if tokens := self._common.get(provider):
            tokens.use(self._now, accounts)
        for came in line.leave(accounts):
            self.record.waited(size, came.step, self._now, came.students, intake=came.intake)
        if line.students:
            self._lines.move_to_end(school)
        else:
            del self._lines[school]

    def _publish(self) -> None:
        self._unpublished = max(0.0, self._unpublished - self._year.step * self._capacity.outcomes)
        if self._unpublished:
            self.record.limited["relay"] += self._year.step
            self.record.most_unpublished = max(self.record.most_unpublished, self._unpublished)
