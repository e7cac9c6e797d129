"""Responses that say nothing about the question, of any vendor. Pure."""

from http import HTTPStatus

from consumer.configuration.document import Place
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding

UNREACHED = 0
"""The status of an answer that did not come; its body says why."""


def unreachable(place: Place, answer: Answer) -> Finding:
    """The vendor did not answer at all. `place` is the key that says where it is."""
    said = answer.body.decode(errors="replace").rstrip(".")
    right = "Check the address, the firewall and the proxy between this host and the vendor."
    return Finding(place, f"is not reachable: {said}", right)


def unchecked(place: Place, what: str, answer: Answer, right: str = "Run the check again later.") -> Finding:
    """`what` could not be read: rate limited, refused, or an answer that is not the vendor's own."""
    if answer.status == UNREACHED:
        why = "timed out"
    elif answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        why = "rate limited"
    else:
        why = f"HTTP {answer.status}"
    return Finding(place, f"could not be checked: {what} ({why})", right, note=True)
