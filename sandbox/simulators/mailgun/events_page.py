"""GET /v3/{domain}/events: its filters, its time range, and pages whose links carry the whole question."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.simulators.mailgun.journal import Event, Journal
from sandbox.simulators.mailgun.refusals import bad_request

_ATTRIBUTES = {
    "event": "event",
    "message-id": "message_id",
    "recipient": "recipient",
    "subject": "subject",
    "from": "from",
    "to": "to",
    "tags": "tag",
    "severity": "severity",
}
_OTHERS = frozenset({"begin", "end", "ascending", "limit"})
_PAGE = 100
_LARGEST_PAGE = 300


def page(
    journal: Journal, domain: str, query: Mapping[str, str], *, now: float, base: str, token: str | None = None
) -> dict[str, Any]:
    """One page. `base` is the address of the first; `token` comes from a link of an earlier page and replaces `query`.

    Without `begin` the newest come first, back to the beginning. Message ids are compared without brackets, as the
    documents say. Raises `Refusal` (400).
    """
    if token is not None:
        query, start = _opened(token)
    else:
        start = 0
    filters = {_ATTRIBUTES[name]: value.split(" OR ") for name, value in query.items() if name in _ATTRIBUTES}
    if unknown := sorted(set(query) - set(_ATTRIBUTES) - _OTHERS):
        raise bad_request(f"{unknown[0]} parameter is not supported")
    begin, end, ascending = _range(query, now)
    limit = _limit(query)

    def matches(event: Event) -> bool:
        return event.message.domain == domain and all(
            set(event.values(attribute)) & set(wanted) for attribute, wanted in filters.items()
        )

    found = journal.find(matches, begin=begin, end=end, ascending=ascending)[start : start + limit]
    links = {
        "first": _sealed(query, 0),
        "previous": _sealed(query, max(0, start - limit)),
        "next": _sealed(query, start + len(found)),
        "last": _sealed(query, start + len(found)),
    }
    return {
        "items": [event.shown() for event in found],
        "paging": {name: f"{base}/{sealed}" for name, sealed in links.items()},
    }


def seconds(text: str) -> float:
    """A moment given in Unix seconds or as RFC 2822 writes it. Raises `Refusal` (400)."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        raise bad_request("invalid date format; expected seconds since the epoch or RFC 2822") from None


def _range(query: Mapping[str, str], now: float) -> tuple[float, float, bool]:
    ascending = query.get("ascending", "no")
    if ascending not in {"yes", "no"}:
        raise bad_request("ascending parameter must be yes or no")
    first = seconds(query["begin"]) if "begin" in query else None
    last = seconds(query["end"]) if "end" in query else None
    if first is not None and last is None and "ascending" not in query:
        raise bad_request("ascending parameter must be provided if the range end time is not specified")
    if first is None:
        return 0.0, last or now, ascending == "yes"
    if last is None:  # the range continues from `begin` in the direction asked for
        return (first, now, True) if ascending == "yes" else (0.0, first, False)
    return min(first, last), max(first, last), first <= last


def _limit(query: Mapping[str, str]) -> int:
    try:
        limit = int(query.get("limit", _PAGE))
    except ValueError:
        limit = 0
    if not 1 <= limit <= _LARGEST_PAGE:
        raise bad_request(f"limit parameter must be between 1 and {_LARGEST_PAGE}")
    return limit


def _sealed(query: Mapping[str, str], start: int) -> str:
    return json.dumps([dict(query), start]).encode().hex()


def _opened(token: str) -> tuple[dict[str, str], int]:
    try:
        query, start = json.loads(bytes.fromhex(token))
    except (ValueError, TypeError):
        raise bad_request("page token is invalid") from None
    return query, start
