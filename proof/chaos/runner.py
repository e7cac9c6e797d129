"""Plays rows: load, faults, healing, quiet; then everything is collected and judged.

long   each row on an installation of its own, with three replicas
short  two replicas; rows that leave nothing behind share an installation, one after the other, and are judged together
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace

from consumer.configuration.loading import load_settings
from proof.chaos.collect import collect
from proof.chaos.disk import CannotBeRun
from proof.chaos.experiment import Experiment
from proof.chaos.installation import Changes, Installation, merged
from proof.chaos.result import Result
from proof.chaos.row import Row
from proof.chaos.stage import Stage
from proof.checker import check
from proof.history import Bounds, History
from proof.history_file import write
from testbed.parts.artefacts import cache_dir

_FIRES_WITHIN = 300.0
_LONGEST_CLAIM = 10.0
"""Seconds from the asking to the answer, on a busy machine and beside faults of the database."""


@dataclass(frozen=True, slots=True)
class Scale:
    """`window`: seconds that a fault of some length lasts. `full`: the long form, with the rows' whole load.

    `late`: seconds after which a vendor carries out what it seemed not to, at the latest. `verify_after`: the service's setting, that
    lets it look once more after that: production's 900 s are to the 300 s of the matrix as this is to `late`.
    """

    window: float
    full: bool

    @property
    def late(self) -> float:
        """In seconds."""
        return min(300.0, max(3.0, self.window / 4))

    @property
    def verify_after(self) -> float:
        """In seconds."""
        return self.late + 5.0

    @property
    def replicas(self) -> int:
        """Of the service."""
        return 3 if self.full else 2

    def students(self, row: Row) -> int:
        """How many the row's events are about."""
        return row.load.many if self.full else row.load.few


SHORT = Scale(window=4.0, full=False)
"""What takes seconds, for every change; `make chaos` takes the full one."""


@dataclass(frozen=True, slots=True)
class _Played:
    experiment: Experiment
    row: Row
    healed_at: float
    quiet_at: float | None


def _keep(name: str, history: History) -> None:
    folder = cache_dir() / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    write(history, folder / f"{name}.json")


async def play(stage: Stage, row: Row, *, seed: int, scale: Scale) -> Result:
    """One row on an installation of its own. The long form's history is kept."""
    if row.not_run:
        return Result(row, seed)
    try:
        async with stage.installation(
            seed=seed,
            brokers=row.brokers,
            replicas=scale.replicas,
            changes=merged(_verified(scale), row.changes),
            quirks=row.quirks,
            disk=row.disk,
            standby=row.standby,
            arrange=row.arrange,
            upgraded=row.upgraded,
        ) as installation:
            played = await _play(installation, row, seed=seed, scale=scale)
            if row.judge:
                return _result(played, seed=seed, scale=scale, effects=await row.judge(played.experiment))
            history = await _collected(installation, [played], seed=seed, least_effects=scale.students(row))
    except CannotBeRun as why:
        return Result(replace(row, not_run=str(why)), seed)
    if scale.full:
        await asyncio.to_thread(_keep, f"{seed}-{row.number}", history)
    return _judged([played], history, seed=seed, scale=scale)[0]


async def play_short(stage: Stage, rows: Sequence[Row], *, seed: int) -> Sequence[Result]:
    """Each row's short form. What the checker finds of rows that share an installation is held against all of them."""
    shared = [row for row in rows if not row.alone and not row.not_run]
    together = await _play_together(stage, shared, seed=seed) if shared else ()
    others = [row for row in rows if row not in shared]
    return [*together, *[await play(stage, row, seed=seed, scale=SHORT) for row in others]]


async def _play_together(stage: Stage, rows: Sequence[Row], *, seed: int) -> Sequence[Result]:
    async with stage.installation(seed=seed, replicas=SHORT.replicas, changes=_verified(SHORT)) as installation:
        played = [await _play(installation, row, seed=seed, scale=SHORT) for row in rows]
        least = sum(SHORT.students(row) for row in rows)
        history = await _collected(installation, played, seed=seed, least_effects=least)
    return _judged(played, history, seed=seed, scale=SHORT)


def _verified(scale: Scale) -> Changes:
    return {"provisioning": {"verify_after": scale.verify_after}}


async def _play(installation: Installation, row: Row, *, seed: int, scale: Scale) -> _Played:
    assert row.fire is not None  # noqa: S101  rows that are not run are not played
    experiment = Experiment(
        installation,
        number=row.number,
        seed=seed,
        window=scale.window,
        late=scale.late,
        full=scale.full,
        students=scale.students(row),
        mix=row.load.mix,
    )
    await experiment.begin()
    loading = asyncio.create_task(experiment.load())
    await _insisting(experiment, "fault", row.fire(experiment))
    await _insisting(experiment, "healing", installation.heal())
    healed_at = time.time()
    await _insisting(experiment, "load", loading)
    quiet = await experiment.quiet(seconds=row.heals_within + scale.window)
    return _Played(experiment, row, healed_at, time.time() if quiet else None)


async def _insisting(experiment: Experiment, what: str, doing: Awaitable[object]) -> None:
    """What does not come true in time is the row's violation; the run continues, so that its history shows why."""
    try:
        async with asyncio.timeout(_FIRES_WITHIN + experiment.window):
            await doing
    except (AssertionError, RuntimeError, TimeoutError) as failure:
        experiment.wrong.append(f"{what}: {str(failure) or type(failure).__name__}")


async def _collected(
    installation: Installation, played: Sequence[_Played], *, seed: int, least_effects: int
) -> History:
    fired = sum((one.experiment.fired for one in played), Counter[str]())
    students = [record.student for one in played for record in one.experiment.records]
    timing = load_settings(installation.service.config, {}).provisioning
    return await collect(
        installation,
        seed=seed,
        faults=dict(fired),
        students=students,
        healed_at=played[-1].healed_at,
        quiet_at=None if any(one.quiet_at is None for one in played) else played[-1].quiet_at,
        bounds=Bounds(
            least_effects=least_effects,
            ahead=_LONGEST_CLAIM,
            report_after=timing.report_after,
            report_attempts=timing.report_attempts,
        ),
    )


def _judged(played: Sequence[_Played], history: History, *, seed: int, scale: Scale) -> Sequence[Result]:
    report = check(history)
    found = [str(violation) for violation in report.violations]
    effects = sum(call.effective for call in history.calls)
    first, *others = [
        _result(one, seed=seed, scale=scale, effects=effects, violations=found, invalid=report.invalid)
        for one in played
    ]
    return [replace(first, canaries=len(history.canaries), searched=report.searched), *others]


def _never_fired(fired: Mapping[str, int]) -> Sequence[str]:
    """A fault that was ordered and did not come leaves nothing proved about it."""
    return [f"never fired: {fault}" for fault, count in fired.items() if not count] if fired else ["no fault was fired"]


def _result(
    played: _Played,
    *,
    seed: int,
    scale: Scale,
    effects: int,
    violations: Sequence[str] = (),
    invalid: Sequence[str] = (),
) -> Result:
    experiment = played.experiment
    return Result(
        row=played.row,
        seed=seed,
        window=scale.window,
        fired=dict(experiment.fired),
        effects=effects,
        heal=None if played.quiet_at is None else played.quiet_at - played.healed_at,
        violations=[*experiment.wrong, *violations],
        invalid=[*invalid, *_never_fired(experiment.fired)],
    )
