"""How the schemas of our outcomes stand with the registry. Pure."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from consumer.codec.registration import Standing, SubjectReport
from consumer.preflight.finding import Finding
from consumer.settings import Topics

_URL = ("registry", "url")
_REFUSALS = {str(HTTPStatus.UNAUTHORIZED.value), str(HTTPStatus.FORBIDDEN.value)}


def of_unreachable(why: str, *, code: str | None = None) -> Finding:
    """The registry gave no answer of its own. `code` is the status of the refusal, if it was one."""
    if code in _REFUSALS:
        right = "Check `registry.username` and `registry.password`, and that they may read subjects."
        return Finding(_URL, f"does not accept these credentials: {why}", right)
    return Finding(_URL, f"is not reachable: {why}", "Check the address, the firewall, and that it is the API's root.")


def of_subjects(reports: Sequence[SubjectReport], topics: Topics) -> Iterator[Finding]:
    """Only of the subjects that this service writes: its input's schema is the writer's matter, and any compatible one is read."""
    for report in reports:
        if report.subject == f"{topics.status_changed}-value" or report.standing is Standing.REGISTERED:
            continue
        if report.standing is Standing.NEW:
            wrong = f"has no schema of this version for the subject `{report.subject}`"
            yield Finding(_URL, wrong, "Register it with `provisioner schemas register`.")
        else:
            reasons = "; ".join(report.messages) or "no reason given"
            wrong = f"holds a schema for `{report.subject}` that ours is not compatible with: {reasons}"
            yield Finding(
                _URL, wrong, "Use a topic of its own for this service's outcomes, or remove the other schema."
            )
