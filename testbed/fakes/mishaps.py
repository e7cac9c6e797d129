"""What can become of a call to the directory in memory."""

from dataclasses import dataclass

from consumer.errors import Fault, OutcomeUnknown, Throttled


@dataclass(frozen=True, slots=True)
class Mishap:
    """The fault of one call: whether the write is carried out all the same, and what the caller gets."""

    done: bool
    fault: Fault


def lost_answer() -> Mishap:
    """Carried out, and the answer never arrives."""
    return Mishap(done=True, fault=OutcomeUnknown("The answer was lost."))


def lost_request() -> Mishap:
    """Never carried out, and no answer arrives either."""
    return Mishap(done=False, fault=OutcomeUnknown("No answer in time."))


def throttled(after: float | None) -> Mishap:
    """Refused for now."""
    return Mishap(done=False, fault=Throttled("Too many requests.", after=after))


def refused(fault: Fault) -> Mishap:
    """Refused with this fault."""
    return Mishap(done=False, fault=fault)
