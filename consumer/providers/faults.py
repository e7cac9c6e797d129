"""The faults that all vendors' tables share: those that HTTP itself defines. Pure."""

from collections.abc import Sequence
from http import HTTPStatus

from consumer.errors import Fault, Hold, OutcomeUnknown, Reason, Scope, Unavailable
from consumer.http.answer import Answer
from consumer.providers.scrub import scrubbed_code, scrubbed_message


def unclear(service: str, answer: Answer, *, writes: bool, after: float | None = None) -> Fault:
    """A response that does not confirm or deny the call; a read can be repeated, not before `after` seconds."""
    if writes:
        return OutcomeUnknown(
            f"Outcome unknown: {service}'s response (HTTP {answer.status}) does not confirm the write."
        )
    return Unavailable(f"{service} returned an unusable response (HTTP {answer.status}).", after=after)


def redirected(service: str) -> Fault:
    """A redirect is never followed: it would carry the token elsewhere."""
    return Hold(
        f"{service} answered with a redirect: the address in the tenant's configuration is wrong.",
        reason=Reason.UNEXPECTED_ANSWER,
        scope=Scope.TENANT,
    )


def unauthorised(service: str) -> Fault:
    """401, with whatever body."""
    return Hold(f"{service} rejected the access token.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)


def unexpected(service: str, status: int) -> Fault:
    """A refusal that no table knows. Never final, and never taken for the student's fault."""
    return Hold(f"Unexpected response from {service} (HTTP {status}).", reason=Reason.UNEXPECTED_ANSWER)


def with_code(fault: Fault | None, status: int, code: str, message: str, asked: Sequence[str]) -> Fault | None:
    """The same fault with the vendor's code, such as `403 forbidden`; where no table knows the refusal, its scrubbed message too.

    `asked` are the texts that the request held: none of their words survives.
    """
    if fault is None:
        return None
    said = scrubbed_code(code, asked=asked)
    fault.code = f"{status} {said}" if said else str(status)
    if isinstance(fault, Hold) and fault.reason is Reason.UNEXPECTED_ANSWER:
        words = scrubbed_message(message, asked=asked)
        fault.code = f"{fault.code}: {words}" if words else fault.code
    return fault


def narrowed(fault: Fault | None, status: int, reason: Reason, message: str) -> Fault | None:
    """A 403 to a call whose permission serves one purpose only: it holds those who need that, not the whole tenant."""
    if status == HTTPStatus.FORBIDDEN and isinstance(fault, Hold) and fault.reason is Reason.CONSENT_MISSING:
        return Hold(message, reason=reason, scope=Scope.RESOURCE, code=fault.code)
    return fault
