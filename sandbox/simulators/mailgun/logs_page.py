"""POST /v1/analytics/logs: the events' successor, over all domains of an account."""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import formatdate
from typing import Any, cast

from sandbox.simulators.mailgun.events_page import seconds
from sandbox.simulators.mailgun.journal import Event, Journal
from sandbox.simulators.mailgun.refusals import bad_request

Json = Mapping[str, Any]

_A_DAY = 86_400.0
_PAGE = 50
_LARGEST_PAGE = 100
_ATTRIBUTES = frozenset({"event", "message_id", "recipient", "domain", "subject", "from", "to", "severity", "tag"})
_COMPARATORS: Mapping[str, Callable[[Sequence[str], Sequence[str]], bool]] = {
    "=": lambda have, wanted: bool(set(have) & set(wanted)),
    "!=": lambda have, wanted: not set(have) & set(wanted),
    "contains": lambda have, wanted: any(part in value for value in have for part in wanted),
}


def page(journal: Journal, domains: Collection[str], request: Json, *, now: float) -> dict[str, Any]:
    """One page of what happened in `domains`; without times, of the last day. Raises `Refusal` (400)."""
    begin, end = _moment(request.get("start"), now - _A_DAY), _moment(request.get("end"), now)
    events = cast("list[str]", request.get("events") or [])
    predicates = _predicates(request.get("filter") or {})
    paging = cast("Json", request.get("pagination") or {})
    start, limit = _position(paging)

    def matches(event: Event) -> bool:
        return (
            event.message.domain in domains
            and (not events or event.name in events)
            and all(compare(event.values(attribute), wanted) for attribute, compare, wanted in predicates)
        )

    ascending = str(paging.get("sort", "timestamp:desc")).endswith(":asc")
    found = journal.find(matches, begin=begin, end=end, ascending=ascending)
    tokens: dict[str, Any] = {
        "first": _token(0),
        "previous": _token(max(0, start - limit)),
        "next": _token(min(start + limit, len(found))),
        "last": _token(max(0, len(found) - limit)),
    }
    if request.get("include_totals"):
        tokens["total"] = len(found)
    return {
        "start": formatdate(begin),
        "end": formatdate(end),
        "items": [event.logged() for event in found[start : start + limit]],
        "pagination": tokens,
        "aggregates": dict[str, Any](),
    }


def _moment(text: object, default: float) -> float:
    return default if text is None else seconds(str(text))


def _predicates(given: Json) -> list[tuple[str, Callable[[Sequence[str], Sequence[str]], bool], list[str]]]:
    parsed = list[tuple[str, Callable[[Sequence[str], Sequence[str]], bool], list[str]]]()
    for predicate in cast("list[Json]", given.get("AND") or []):
        attribute, comparator = predicate.get("attribute"), predicate.get("comparator")
        if attribute not in _ATTRIBUTES or comparator not in _COMPARATORS:
            raise bad_request("filter has an attribute or a comparator that is not supported")
        values = cast("list[Json]", predicate.get("values") or [])
        parsed.append((str(attribute), _COMPARATORS[str(comparator)], [str(one.get("value")) for one in values]))
    return parsed


def _position(paging: Json) -> tuple[int, int]:
    try:
        limit = int(paging.get("limit") or _PAGE)
        start = int(base64.urlsafe_b64decode(str(paging.get("token") or _token(0))))
    except (ValueError, binascii.Error):
        raise bad_request("pagination is invalid") from None
    if not 1 <= limit <= _LARGEST_PAGE:
        raise bad_request(f"pagination limit must be between 1 and {_LARGEST_PAGE}")
    return start, limit


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode()
