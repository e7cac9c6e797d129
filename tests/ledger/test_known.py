"""What writes make of what is known: the same by the reducer and in either ledger, whatever is written in whatever order."""

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from consumer.errors import Reason
from consumer.events import Origin, Provider, StepName
from consumer.ledger.known import Known, Tenure, apply
from consumer.ledger.port.history import Attempt
from consumer.ledger.port.student import Account, AccountState, Job, Step, StepState
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    DestroyCredential,
    EndStep,
    ReleaseAddress,
    RetireAddress,
    SaveAccount,
    SealCredential,
    Verified,
    WaitFor,
    Write,
)
from tests.ledger.conftest import Given, event

NEXT = "Next@x.example"
STUDENTS, LEASES, COMMITS = 24, 3, 6
WORKER = "w"  # as the fixtures claim
NOW = datetime(2026, 9, 1, tzinfo=UTC)
MS = Provider.MICROSOFT
AT = (MS, StepName.CREATE)
BEGIN = BeginStep(MS, StepName.CREATE, 1, b"hash", timeout=30)


def folded(*writes: Write, known: Known | None = None, epoch: int = 1) -> Known:
    known = known or Known()
    for write in writes:
        known = apply(known, write, under=Tenure(epoch, WORKER, 1), now=NOW)
    return known


def test_a_step_that_another_lease_has_begun_is_unsure_once_it_is_begun_again() -> None:
    begun = folded(BEGIN)
    assert not folded(BEGIN, known=begun, epoch=1).steps[AT].unsure
    again = folded(BEGIN, known=begun, epoch=2).steps[AT]
    assert (again.attempt, again.unsure, again.lost_at) == (2, True, begun.steps[AT].deadline)


def test_the_later_of_two_attempts_that_were_abandoned_says_when_the_last_was_over() -> None:
    late = replace(BEGIN, timeout=90)
    known = folded(BEGIN, known=folded(late), epoch=2)
    assert folded(BEGIN, known=known, epoch=3).steps[AT].lost_at == NOW + timedelta(seconds=90)


def test_an_attempt_that_another_lease_abandons_ended_unknown_at_its_deadline() -> None:
    known = folded(BEGIN, known=folded(BEGIN), epoch=2)
    (lost,) = known.history
    assert (lost.number, lost.state, lost.reason) == (1, StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN)
    assert (lost.ended_at, lost.replica) == (NOW + timedelta(seconds=30), WORKER)


def test_an_attempt_ends_once_however_often_its_end_is_written() -> None:
    end = EndStep(MS, StepName.CREATE, StepState.HELD, Reason.THROTTLED, code="403 forbidden", request_id="id")
    (attempt,) = folded(BEGIN, end, end).history
    assert (attempt.state, attempt.code, attempt.request_id) == (StepState.HELD, "403 forbidden", "id")


def test_what_is_found_out_later_is_another_entry() -> None:
    unknown, done = (EndStep(MS, StepName.CREATE, state) for state in (StepState.UNKNOWN, StepState.DONE))
    history = folded(BEGIN, unknown, done).history
    assert [(one.number, one.state) for one in history] == [(1, StepState.UNKNOWN), (1, StepState.DONE)]


def test_the_end_of_a_step_that_never_began_is_no_step() -> None:
    assert folded(EndStep(MS, StepName.CREATE, StepState.DONE)) == Known()


def test_a_sealed_password_stands_while_it_lives() -> None:
    first, second = (SealCredential(MS, 0, sealed, 60) for sealed in (b"first", b"second"))
    assert folded(first, second).credentials[MS, 0].sealed == b"first"


def test_the_newest_generation_is_the_password() -> None:
    known = folded(*(SealCredential(MS, generation, b"", 60) for generation in (1, 0)))
    assert known.newest_credential(MS) == known.credentials[MS, 1]
    assert known.newest_credential(Provider.GOOGLE) is None


async def test_random_writes_leave_in_the_ledger_what_the_reducer_says(given: Given) -> None:
    rng = random.Random(1)  # noqa: S311  repeatable, guards nothing
    known = {f"s{number}": Known() for number in range(STUDENTS)}
    given.accept(*(event(f"e{ident}", student_id=ident) for ident in known))
    for _ in range(LEASES):
        jobs = await given.claim(STUDENTS)
        assert len(jobs) == STUDENTS
        for job in jobs:
            ident = job.lease.student_id
            assert _comparable(Known.of(job)) == _comparable(_newest_only(known[ident]))
            known[ident] = await _random_commits(given, job, known[ident], rng)
    for job in await given.claim(STUDENTS):
        assert _comparable(Known.of(job)) == _comparable(_newest_only(known[job.lease.student_id]))
    for ident, student in known.items():
        kept = given.ledger.history.attempts("north", ident)
        assert sorted(map(_ended, kept)) == sorted(map(_ended, student.history))


_LATER = datetime(2099, 7, 1, tzinfo=UTC)


async def _random_commits(given: Given, job: Job, known: Known, rng: random.Random) -> Known:
    for number in range(COMMITS):
        last = number == COMMITS - 1
        writes = [*_writes(job, rng), *([Defer(0, _causes(rng))] if last else [])]
        for provider in Provider:
            await given.ledger.work.reserve(job.lease, [provider], [_address(job, provider)])
        await given.ledger.work.commit(job.lease, writes)
        for write in writes:
            known = apply(known, write, under=Tenure(job.lease.epoch, WORKER, 1), now=job.now)
    return known


def _writes(job: Job, rng: random.Random) -> Sequence[Write]:
    """Of each kind at most one, in the order in which one commit writes them."""
    provider, name = rng.choice(list(Provider)), rng.choice([StepName.CREATE, StepName.GROUPS])
    state = rng.choice([state for state in StepState if state is not StepState.STARTED])
    reason = rng.choice([None, Reason.OUTCOME_UNKNOWN, Reason.THROTTLED])
    generation = rng.choice([0, 1])
    account = Account(
        provider,
        _address(job, provider),
        job.lease.student_id,
        {"address": "a@x.example"},
        generation,
        rng.choice([None, "object-1"]),
        rng.choice([None, Origin.CREATED]),
        groups=rng.choice([(), ("group",)]),
        announced_version=rng.choice([-1, 1]),
        state=rng.choice(list(AccountState)),
        org_unit=rng.choice([None, "/Leavers"]),
        licences_in_doubt=rng.choice([(), ("sku",)]),
        groups_in_doubt=rng.choice([(), ("group", "other")]),
        next_address=rng.choice([None, NEXT]),
        delete_at=rng.choice([None, _LATER]),
        notice_at=rng.choice([None, _LATER]),
        noticed_for=rng.choice([None, _LATER]),
        incomplete=rng.choice([False, True]),
        admin_units=rng.choice([(), ("unit",)]),
        admin_units_in_doubt=rng.choice([(), ("unit", "other")]),
    )
    kinds: list[Write] = [
        BeginStep(provider, name, 1, rng.randbytes(4), timeout=30),
        EndStep(provider, name, state, reason, unsure=rng.random() < 0.3, code=rng.choice([None, "403 forbidden"])),
        Verified(rng.choice(list(Provider))),
        SaveAccount(account),
        ReleaseAddress(provider, rng.choice([_address(job, provider), NEXT])),
        RetireAddress(provider, _address(job, provider)),
        SealCredential(provider, generation, rng.randbytes(4), 600),
        DestroyCredential(rng.choice(list(Provider))),
    ]
    chosen = [write for write in kinds if rng.random() < 0.4]
    saved = any(isinstance(write, SaveAccount) for write in chosen)
    return [write for write in chosen if not (saved and isinstance(write, ReleaseAddress))]


def _causes(rng: random.Random) -> tuple[WaitFor, ...]:
    reasons = [Reason.THROTTLED, Reason.OUTCOME_UNKNOWN]
    causes = [WaitFor(MS, name, rng.choice(reasons), "code", held=rng.random() < 0.5) for name in StepName]
    return tuple(cause for cause in causes if rng.random() < 0.3)


def _address(job: Job, provider: Provider) -> str:
    return f"{job.lease.student_id}.{provider}@x.example"


def _newest_only(known: Known) -> Known:
    """A claim hands over the newest password alone."""
    newest = {one.provider: one for provider in Provider if (one := known.newest_credential(provider))}
    return replace(known, credentials={(one.provider, one.generation): one for one in newest.values()})


def _comparable(known: Known) -> Any:
    """All but the times, which are each ledger's own."""
    return replace(
        known,
        written_by={},
        history=(),
        steps={at: _timeless(step) for at, step in known.steps.items()},
        credentials={at: replace(one, expires_at=NOW) for at, one in known.credentials.items()},
        waits={at: replace(wait, since=NOW) for at, wait in known.waits.items()},
    )


def _timeless(step: Step) -> Step:
    return replace(step, started_at=NOW, deadline=NOW, lost_at=step.lost_at and NOW)


def _ended(attempt: Attempt) -> Any:
    times = replace(attempt, started_at=NOW, ended_at=NOW)
    return tuple(str(getattr(times, each.name)) for each in fields(times))
