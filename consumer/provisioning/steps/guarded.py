"""Guarded: what the guard says about a student's event, or about a part of one that takes something away."""

from consumer.errors import Fault, GiveUp, Hold, NotYet, Reason
from consumer.ledger.port.student import Job
from consumer.policy.guard import Guarded, GuardState
from consumer.provisioning.case import Case


def event_fault(job: Job) -> Fault | None:
    """Why nothing of the event may be carried out now. One that was rejected before is only verified: see `planning`."""
    match None if job.settled else job.event_guard:
        case GuardState.PARKED:
            return _parked()
        case GuardState.REJECTED:
            return _rejected()
        case _:
            return None


def may_take(case: Case, kind: Guarded) -> bool:
    """Whether this part of the event may take something away; asked where it would.

    Raises `Hold` where it is parked, `GiveUp` where a person has rejected it; False where that was reported before. Raises `NotYet` where
    the claim did not see that it would, as by rules that have changed since: the student is claimed anew then, to be counted.
    """
    match case.job.guard.get(kind):
        case GuardState.PARKED:
            raise _parked()
        case GuardState.REJECTED:
            if case.job.settled:
                return False
            raise _rejected()
        case GuardState.FREE:
            raise NotYet("What is to be taken was found only now: it begins anew, for the guard to count it.")
        case _:
            return True


def _parked() -> Hold:
    why = "The guard has parked the action: too many accounts of the tenant are concerned. A person must approve or reject it."
    return Hold(why, reason=Reason.GUARD_PARKED)


def _rejected() -> GiveUp:
    return GiveUp("A person has rejected the action.", reason=Reason.GUARD_REJECTED)
