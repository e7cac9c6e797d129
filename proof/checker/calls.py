"""I9, I10 and I12: when calls are made, how many, and that each was intended before."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from consumer.events import StepName
from consumer.ledger.port.student import StepState
from proof.checker.index import PROVIDERS, Index, Student, of
from proof.checker.report import Violation
from proof.history import SWITCHES, WRITES, Call, Change, Operation

_FIRST = frozenset(
    {
        Operation.CREATE,
        Operation.RESTORE,
        Operation.LICENCES,
        Operation.GROUP,
        Operation.LEAVE,
        Operation.JOIN_UNIT,
        Operation.LEAVE_UNIT,
        Operation.RENAME,
        Operation.PROFILE,
        Operation.SUSPEND,
        Operation.REACTIVATE,
        Operation.SESSIONS,
        Operation.MOVE,
        Operation.DELETE,
        Operation.RELEASE,
        Operation.PASSWORD,
        Operation.SEND,
        Operation.NOTICE,
        Operation.LOOK_UP,
    }
)
"""With these an operation of the service begins; the others may continue one that began before."""

_FOLLOWS = frozenset({Operation.FIND, Operation.MARK, Operation.TAKE_LICENCES})

_REPLICAS = 3
"""Of a run, at most."""

_TURNS = SWITCHES | {Operation.DELETE, Operation.RESTORE}

STEPS: Mapping[Operation, StepName] = {
    Operation.CREATE: StepName.CREATE,
    Operation.MARK: StepName.CREATE,
    Operation.RESTORE: StepName.CREATE,
    Operation.LICENCES: StepName.LICENCES,
    Operation.GROUP: StepName.GROUPS,
    Operation.LEAVE: StepName.GROUPS,
    Operation.JOIN_UNIT: StepName.ADMIN_UNIT,
    Operation.LEAVE_UNIT: StepName.ADMIN_UNIT,
    Operation.RENAME: StepName.RENAME,
    Operation.PROFILE: StepName.PROFILE,
    Operation.SUSPEND: StepName.SUSPEND,
    Operation.REACTIVATE: StepName.REACTIVATE,
    Operation.SESSIONS: StepName.SESSIONS,
    Operation.MOVE: StepName.UNIT,
    Operation.TAKE_LICENCES: StepName.LICENCES,
    Operation.DELETE: StepName.DELETE,
    Operation.RELEASE: StepName.RELEASE,
    Operation.PASSWORD: StepName.PASSWORD,
    Operation.SEND: StepName.WELCOME,
    Operation.NOTICE: StepName.NOTICE,
}


def patient(index: Index) -> Iterator[Violation]:
    """I9: from the moment that a throttled answer can be known everywhere until its time is over, no operation begins.

    It can be known once the tenant's wait is committed; else `Bounds.propagation` after the answer, unless a process died or was stopped
    meanwhile and may have taken the answer with it.
    """
    calls: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in index.history.calls:
        if call.tenant_id is not None and call.operation in _FIRST | _FOLLOWS:
            calls[call.tenant_id, call.place].append(call)
    for (tenant_id, service), made in calls.items():
        throttled = [call for call in made if call.answered and call.retry_after]
        if throttled:
            made.sort(key=lambda call: call.began)
            begins = [call.began for call in made]
            waits = _waits(index, tenant_id, service)
            for answer in throttled:
                yield from _too_early(index, answer, made, begins, waits)


def _too_early(
    index: Index, answer: Call, made: Sequence[Call], begins: Sequence[float], waits: Sequence[Change]
) -> Iterator[Violation]:
    bounds = index.history.bounds
    until = answer.at + (answer.retry_after or 0.0)
    known = next((wait.at for wait in waits if wait.at >= answer.at - bounds.clocks), None)
    if (known is None or known >= until) and any(
        answer.at - bounds.clocks <= death <= answer.at + bounds.propagation for death in index.history.deaths
    ):
        return
    # A wait that was committed long after is another answer's.
    since = max(answer.at, known) if known is not None and known < until else answer.at
    since += bounds.propagation
    for call in made[bisect_left(begins, since) :]:
        if call.began >= until:
            return
        if call.operation in _FIRST or call.began >= answer.at + bounds.operation:
            name = f"{answer.tenant_id} at {answer.place}"
            published = f"call {answer.number} was answered with a wait of {answer.retry_after:g} s"
            yield Violation("I9", name, f"call {call.number} began {call.began - answer.at:.1f} s after {published}")
            return


def _waits(index: Index, tenant_id: str, service: str) -> Sequence[Change]:
    return [
        change
        for change in index.changes.get("tenant_wait", ())
        if (change.row["tenant_id"], change.row["service"]) == (tenant_id, service)
    ]


def economical(index: Index) -> Iterator[Violation]:
    """I10: writes for each effect. Counted: what was carried out, and what was tried again or cut off; not a first refusal.

    An organisational unit belongs to no student, so replicas may ask for it at once: one refusal of each is no waste.
    """
    bounds = index.history.bounds
    asked: Counter[Hashable] = Counter()
    done = effects(index)
    writes, wasted = 0, list[int]()
    seen: set[Hashable] = set()
    for call, effect in _with_effects(index):
        if call.operation in WRITES and call.tenant_id is not None:
            refused = call.executed and 400 <= call.status < 500  # noqa: PLR2004  the vendor's refusals
            asked[effect] += 1
            if refused and (
                effect not in seen or (call.operation is Operation.NEW_UNIT and asked[effect] <= _REPLICAS)
            ):
                continue
            writes += 1
            if effect in seen:
                wasted.append(call.number)
            seen.add(effect)
    # A few effects may be unlucky; the budget is for many.
    most, unlucky = (bounds.writes_per_effect_with_faults, 10) if index.fired else (bounds.writes_per_effect, 1)
    allowed = most * len(done) + unlucky
    if writes > allowed and done:
        few = ", ".join(str(number) for number in wasted[:20])
        yield Violation(
            "I10", "all tenants", f"{writes} writes for {len(done)} effects, repeated among others by calls {few}"
        )


def effects(index: Index) -> frozenset[Hashable]:
    """What was changed at vendors, each effect once."""
    return frozenset(effect for call, effect in _with_effects(index) if call.effective and call.tenant_id is not None)


def _with_effects(index: Index) -> Iterator[tuple[Call, Hashable]]:
    """Each call with what it changes. With every suspension, deletion and return of an account its changes begin anew."""
    turns: dict[Hashable, list[Operation]] = defaultdict(list)
    for call in index.history.calls:
        turn = turns[call.tenant_id, call.service, call.object_id]
        if call.operation in _TURNS and turn[-1:] != [call.operation]:
            turn.append(call.operation)
        what = call.marker if call.operation is Operation.CREATE else call.object_id
        yield call, (call.tenant_id, call.service, call.operation, what, call.detail, call.secret, len(turn))


def intended(index: Index) -> Iterator[Violation]:
    """I12: a step is done only after it was begun, with the same request; a write reaches a vendor only after its step was begun."""
    begun: dict[tuple[str, ...], dict[bytes, float]] = defaultdict(dict)  # when each request was first begun
    for change in index.changes.get("step", ()):
        row = change.row
        step = (row["tenant_id"], row["student_id"], row["provider"], row["name"])
        if row["state"] == StepState.STARTED:
            begun[step].setdefault(row["request_hash"], change.at)
        elif row["state"] == StepState.DONE and row["request_hash"] and row["request_hash"] not in begun[step]:
            wrong = f"change {change.number}: {row['name']} is done, and was not begun with that request"
            yield Violation("I12", of(step[:2], row["provider"]), wrong)
    for call in index.history.calls if begun else ():
        if call.operation in STEPS and call.executed and (accounts := accounts_of(index, call)):
            latest = call.began + index.history.bounds.clocks
            steps = (begun[(*owner, provider, STEPS[call.operation].value)] for owner, provider in accounts)
            if not any(when <= latest for step in steps for when in step.values()):
                owner, provider = accounts[0]
                yield Violation("I12", of(owner, provider), f"call {call.number} ({call.operation}) was not intended")


def accounts_of(index: Index, call: Call) -> Sequence[tuple[Student, str]]:
    """Whose step the call is of; a mail may be about either provider's account with its address."""
    if call.service in PROVIDERS:
        owner = index.owner_of_call(call)
        return [(owner, call.service)] if owner else []
    spots = index.at_address.get((call.tenant_id or "", call.address or ""), ())
    return [(owner, spot[1]) for spot in spots if (owner := index.owner(spot))]
