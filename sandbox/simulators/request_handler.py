"""How a vendor deals with a request, however it came: its fault first, then its own logic, and an entry in the audit log."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.simulators.audit import AuditLog
from sandbox.simulators.faults import Answer, DoLate, InjectedFault, InjectedFaults, Latency, LoseAnswer, Refuse
from sandbox.simulators.journal import Journal, Sent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NOTES: web.RequestKey[dict[str, Any]] = web.RequestKey("noted", dict)
"""Where a handler leaves facts for the audit: `request[NOTES]["object_id"] = …`."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """`routes` by (name, method, path) are the vendor's own; `observers` by (method, path) let others look in.

    `whose` tells whose call a request is, for the audit: also of those that are cut off, or answered by something on the way.
    """

    name: str
    routes: Mapping[tuple[str, str, str], Handler]
    observers: Mapping[tuple[str, str], Handler] = field(default_factory=dict[tuple[str, str], Handler])
    longest_request: int = 1024 * 1024
    whose: Callable[[web.Request], Mapping[str, Any]] = field(default=lambda _: {})


class RequestHandler:
    """Where requests arrive. `waiting` tells of a request whether its sender still waits for the answer."""

    def __init__(self, audit: AuditLog, faults: InjectedFaults, *, waiting: Callable[[web.Request], bool]) -> None:
        self._audit = audit
        self._faults = faults
        self._waiting = waiting
        self._late: set[asyncio.Task[None]] = set()
        self._journal = Journal.of_environment()

    def close(self) -> None:
        """What was to be done late is not done any more."""
        for task in self._late:
            task.cancel()

    async def serve(
        self, vendor: Vendor, route: str, handler: Handler, request: web.Request
    ) -> web.StreamResponse | None:
        """The answer; None where the connection is cut instead."""
        begun_at = self._audit.now()
        body = await _text(request)
        client = request.headers.get("User-Agent", "")
        self._journal.add(Sent(client, vendor.name, route, request.method, request.path_qs, body))
        request[NOTES] = dict(vendor.whose(request))
        if trace := request.headers.get("traceparent"):
            request[NOTES]["traceparent"] = trace
        record = partial(
            self._audit.add,
            service=vendor.name,
            route=route,
            begun_at=begun_at,
            method=request.method,
            path=request.path_qs,
            request=body,
            noted=request[NOTES],
        )
        faults = self._faults.of(route, request.path_qs + body)
        for latency in faults:
            if isinstance(latency, Latency):
                await asyncio.sleep(self._faults.pause(latency))
        fault = next((fault for fault in faults if not isinstance(fault, Latency)), None)
        if fault is not None:
            request[NOTES]["fault"] = fault.kind
        if isinstance(fault, Refuse):
            record(status=0, executed=False, answered=False)
            return None
        if isinstance(fault, DoLate):
            self._do_late(fault.seconds, partial(handler, request), record)
            return None
        if isinstance(fault, Answer) and not fault.done:
            answer = _instead(fault)
            _note_wait(request, answer)
            record(status=fault.status, executed=False, answered=True)
            return answer
        return await self._do(handler, request, fault, record)

    async def _do(
        self, handler: Handler, request: web.Request, fault: InjectedFault | None, record: Callable[..., None]
    ) -> web.StreamResponse | None:
        response = await handler(request)
        lost = isinstance(fault, LoseAnswer)
        answer = _instead(fault) if isinstance(fault, Answer) else response
        _note_wait(request, answer)
        record(status=response.status, executed=True, answered=self._waiting(request) and not lost)
        return None if lost else answer

    def _do_late(
        self, seconds: float, act: Callable[[], Awaitable[web.StreamResponse]], record: Callable[..., None]
    ) -> None:
        async def later() -> None:
            await asyncio.sleep(seconds)
            response = await act()
            record(status=response.status, executed=True, answered=False)

        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


async def _text(request: web.Request) -> str:
    """The body. A multipart form is read as a form, which the handler can then have too, and shown as if it were urlencoded."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return urlencode([(name, value) for name, value in form.items() if isinstance(value, str)])
    return (await request.read()).decode(errors="replace")


def _note_wait(request: web.Request, answer: web.StreamResponse) -> None:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" in answer.headers:
        request[NOTES]["retry_after"] = answer.headers["Retry-After"]


def _instead(fault: Answer) -> web.Response:
    return web.Response(
        status=fault.status, text=fault.body, headers=dict(fault.headers) or {"Content-Type": "application/json"}
    )
