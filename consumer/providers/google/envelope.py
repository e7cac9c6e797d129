"""What a refusal of any of Google's APIs says: `error.message` and `error.errors[].reason`. Pure.

Source: what real clients (GAM, Terraform's provider) match on. A refusal without it was written by an intermediary.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from consumer.http.answer import Answer

_RATE = {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"}


def error_of(answer: Answer) -> Mapping[str, Any]:
    """The envelope; empty where there is none."""
    error = answer.json().get("error")
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}


def reasons_of(answer: Answer) -> Sequence[str]:
    """In their order; empty for an error without one."""
    errors = error_of(answer).get("errors")
    rows = cast("list[Any]", errors) if isinstance(errors, list) else []
    return [str(cast("dict[str, Any]", row).get("reason", "")) for row in rows if isinstance(row, dict)]


def message_of(answer: Answer) -> str:
    """In lower case."""
    return str(error_of(answer).get("message", "")).lower()


def names_a_rate(answer: Answer) -> bool:
    """Whether it refuses for a used-up quota, which Google also does with a 403."""
    return not _RATE.isdisjoint(reasons_of(answer))
