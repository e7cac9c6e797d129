"""The faults that every vendor's table of answers ends in: what HTTP itself says, whoever speaks it. Pure."""

from consumer.errors import Fault, Hold, OutcomeUnknown, Reason, Scope, Unavailable
from consumer.http.answer import Answer


def unclear(service: str, answer: Answer, *, writes: bool, after: float | None = None) -> Fault:
    """An answer that does not tell whether the call was carried out; a read can be asked again, not before `after` seconds."""
    if writes:
        return OutcomeUnknown(f"{service}'s answer (HTTP {answer.status}) does not tell whether it was done.")
    return Unavailable(f"{service} gives no answer that can be used (HTTP {answer.status}).", after=after)


def redirected(service: str) -> Fault:
    """A redirect is never followed: it would carry the token elsewhere."""
    return Hold(
        f"{service} answers with a redirect: the address in the tenant's configuration is not its own.",
        reason=Reason.UNEXPECTED_ANSWER,
        scope=Scope.TENANT,
    )


def unauthorised(service: str) -> Fault:
    """401, whoever says so: nobody was let in."""
    return Hold(f"{service} does not accept our token.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)


def unexpected(service: str, status: int) -> Fault:
    """A refusal that is in no table: a person must look."""
    return Hold(f"{service} answers in no way that is known (HTTP {status}).", reason=Reason.UNEXPECTED_ANSWER)
