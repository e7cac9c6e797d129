"""How the steps at one provider ended: done, failed permanently, or continued later; when, why, and what is reported downstream.

fault            the student                                     downstream
GiveUp           failed for this event                           at once, final
Hold             waits, longer and longer                        at once, not final
OnHold           waits until the hold of the others is over      not final, when it has waited for long
RetryLater,      waits, by the vendor's time or a back-off;      not final, when it has waited for long or was tried often
OutcomeUnknown   what stays unclear for many tries is a hold
Superseded       is due at once, for the newer event             nothing
"""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from consumer.errors import Fault, GiveUp, Hold, NotYet, OnHold, OutcomeUnknown, Reason, RetryLater, Scope, Superseded
from consumer.events import MailState, StepName
from consumer.ledger.port.writes import WaitFor, Write
from consumer.observe.metrics import Metrics
from consumer.policy.backoff import delay
from consumer.provisioning.case import PATIENCE, Case
from consumer.provisioning.outcomes import failed, welcome
from consumer.tenants import Announce

log = structlog.get_logger()

_UNCLEAR = 20
"""Tries in a row after which an unknown outcome, or a refusal for now, is waited for as if a person had to act."""

_GUARD = frozenset({Reason.GUARD_PARKED, Reason.GUARD_REJECTED})


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: the back-off's `base` and `cap`; `held_first` and `held`, between which the waits of a held student grow; `verify` after
    its event was settled an account is verified where a step is unsure.

    A wait is reported downstream when it is longer than `report_after`, or that was tried `report_attempts` times.
    """

    base: float
    cap: float
    held_first: float
    held: float
    verify: float
    report_after: float
    report_attempts: int


@dataclass(frozen=True, slots=True)
class Ending:
    """`stopped`: the last step taken was not completed. `again`: seconds until the remaining steps are tried.

    `kept`: nothing is missing but what the guard does not let be taken.
    """

    stopped: bool = False
    failed: bool = False
    again: float | None = None
    held: bool = False
    kept: bool = False
    waits: tuple[WaitFor, ...] = ()
    writes: tuple[Write, ...] = ()

    def again_at_once(self) -> "Ending":
        """The process ends, or a newer event has come: the student is due again."""
        return replace(self, stopped=True, held=False, again=0.0)

    def going_on(self) -> "Ending":
        """The same, for steps that are taken in spite of it."""
        return replace(self, stopped=False)

    def also(self, *writes: Write) -> "Ending":
        """The same, with these writes too, such as one more outcome."""
        return replace(self, writes=(*self.writes, *writes))


def announces_incomplete(case: Case, ending: Ending) -> bool:
    """Whether the account is reported though a part is missing: the school must act, and neither credentials nor the news that no one
    can sign in any more wait for it.
    """
    waits = case.wants_account and case.tenant.announce is Announce.COMPLETE
    return (ending.kept or not waits) and (ending.held or ending.failed)


class Endings:
    """What a fault at a step means for the student. `rng` spreads the tries."""

    def __init__(self, pace: Pace, metrics: Metrics, rng: random.Random) -> None:
        self._pace = pace
        self._metrics = metrics
        self._rng = rng

    def of(self, case: Case, name: StepName, fault: Fault, so_far: Ending) -> Ending:
        """The ending after a fault at this step, added to the ending `so_far`."""
        match fault:
            case Superseded():
                return so_far.again_at_once()
            case GiveUp():
                ending = self._gave_up(case, name, fault, so_far)
            case Hold():
                ending = self._held(case, name, fault, so_far)
            case RetryLater() | OutcomeUnknown():
                ending = self._later(case, name, fault, so_far)
            case _:
                raise fault
        return replace(ending, kept=fault.reason in _GUARD and (so_far.kept or not so_far.stopped))

    def _gave_up(self, case: Case, name: StepName, fault: GiveUp, so_far: Ending) -> Ending:
        _log("student_failed", case, name, fault.reason, fault.code)
        if name is StepName.WELCOME:
            # The account exists; the school hands the credentials over in another way.
            return so_far.also(welcome(case, MailState.FAILED, fault=fault))
        outcome = failed(case, name, fault.reason, str(fault), retry_at=None)
        return replace(so_far, stopped=True, failed=True).also(outcome)

    def _held(self, case: Case, name: StepName, fault: Hold, so_far: Ending) -> Ending:
        seconds = self._pace.held_first
        if fault.scope is Scope.STUDENT:
            # As long as it has waited already: the waits double.
            so_long = (case.now() - case.waits_since(name)).total_seconds()
            seconds = min(self._pace.held, max(seconds, so_long))
        ending = self._waits(case, name, fault, seconds, so_far, report=True, held=True)
        if not _reported(case, name, fault.reason, held=True):
            self._metrics.held.labels(case.tenant.id, case.provider, fault.reason).inc()
            _log("student_held", case, name, fault.reason, fault.code)
        return ending

    def _later(self, case: Case, name: StepName, fault: RetryLater | OutcomeUnknown, so_far: Ending) -> Ending:
        tries = case.waited(name, fault.reason) + 1
        if isinstance(fault, NotYet) and tries >= PATIENCE:
            return self._held(case, name, Hold(str(fault), reason=fault.reason, code=fault.code), so_far)
        own = delay(tries, base=self._pace.base, cap=self._pace.cap, jitter=self._rng.random())
        if tries >= _UNCLEAR and (isinstance(fault, OutcomeUnknown) or fault.code is not None):
            own = self._pace.held
        after = fault.after if isinstance(fault, RetryLater) else None
        # A vendor's own time is a lower bound; what is added spreads the tenant's students.
        seconds = own if after is None else after + min(own, self._pace.base)
        planned = case.has_waited(name) + timedelta(seconds=seconds)
        report = planned.total_seconds() > self._pace.report_after or tries >= self._pace.report_attempts
        held = isinstance(fault, OnHold)
        log.debug("step_deferred", provider=case.provider, step=name, seconds=round(seconds, 1))
        return self._waits(case, name, fault, seconds, so_far, report=report, held=held)

    def _waits(
        self,
        case: Case,
        name: StepName,
        fault: Hold | RetryLater | OutcomeUnknown,
        seconds: float,
        so_far: Ending,
        *,
        report: bool,
        held: bool,
    ) -> Ending:
        reason = fault.reason
        # Only a mail's outcome distinguishes a wait (delayed) from a hold (failed).
        known = _reported(case, name, reason, held=held and name is StepName.WELCOME)
        ending = so_far
        if report and not known:
            retry_at = case.now() + timedelta(seconds=seconds)
            if name is StepName.WELCOME:
                state = MailState.FAILED if held else MailState.DELAYED
                ending = ending.also(welcome(case, state, fault=fault))
            else:
                ending = ending.also(failed(case, name, reason, str(fault), retry_at=retry_at))
        cause = WaitFor(case.provider, name, reason, fault.code, held=held, reported=report or known)
        jitter = self._rng.random() * self._pace.base if held else 0.0
        again = seconds + jitter if ending.again is None else min(ending.again, seconds + jitter)
        return replace(ending, stopped=True, held=held, again=again, waits=(*ending.waits, cause))


def _reported(case: Case, name: StepName, reason: Reason, *, held: bool) -> bool:
    """Whether this wait, and with `held` this hold, was reported before."""
    wait = case.job.waits.get((case.provider, name))
    if wait is None or wait.version != case.version or wait.reason is not reason:
        return False
    return wait.reported and (wait.held or not held)


def _log(ended: str, case: Case, name: StepName, reason: Reason, code: str | None) -> None:
    log.warning(ended, provider=case.provider, step=name, reason=reason, code=code)
