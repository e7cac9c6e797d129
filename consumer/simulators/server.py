"""Serves vendors over TLS, each on a port of its own, with one audit log and one set of tempers.

Every server also answers to tests and checkers: `GET /_simulator/audit?after=N`, `PUT /_simulator/tempers`.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from consumer.simulators.audit import AuditLog
from consumer.simulators.temper import Answer, DoLate, Latency, LoseAnswer, Refuse, Temper, Tempers, rules_from_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NOTES: web.RequestKey[dict[str, Any]] = web.RequestKey("noted", dict)
"""Where a handler leaves facts for the audit: `request[NOTES]["object_id"] = …`."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """`routes` by (name, method, path) are the vendor's own; `observers` by (method, path) let others look in."""

    name: str
    routes: Mapping[tuple[str, str, str], Handler]
    observers: Mapping[tuple[str, str], Handler] = field(default_factory=dict[tuple[str, str], Handler])
    longest_request: int = 1024 * 1024


class VendorServer:
    """All vendors, from `async with` to its end. `host` is where they listen; 127.0.0.1 but in a container."""

    def __init__(
        self,
        vendors: Sequence[Vendor],
        *,
        context: ssl.SSLContext,
        clock: Callable[[], float],
        seed: int = 0,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
    ) -> None:
        self.audit = AuditLog(clock)
        self.tempers = Tempers(random.Random(seed))  # noqa: S311  repeatable, guards nothing
        self._vendors = vendors
        self._context = context
        self._host = host
        self._wanted = ports or {}
        self._runners: list[web.AppRunner] = []
        self._ports: dict[str, int] = {}
        self._late: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> Sequence[str]:
        """The vendors."""
        return [vendor.name for vendor in self._vendors]

    def url(self, vendor: str, *, host: str | None = None) -> str:
        """The vendor's root, for clients on this machine, or on the network that knows it as `host`."""
        return f"https://{host or '127.0.0.1'}:{self._ports[vendor]}"

    async def __aenter__(self) -> Self:
        for vendor in self._vendors:
            app = web.Application(client_max_size=vendor.longest_request)
            for (name, method, path), handler in vendor.routes.items():
                app.router.add_route(method, path, partial(self._serve, vendor.name, name, handler))
            for (method, path), handler in vendor.observers.items():
                app.router.add_route(method, path, handler)
            app.router.add_get("/_simulator/audit", self._show_audit)
            app.router.add_put("/_simulator/tempers", self._set_tempers)
            runner = web.AppRunner(app, access_log=None, handle_signals=False)
            await runner.setup()
            self._runners.append(runner)
            site = web.TCPSite(
                runner, self._host, self._wanted.get(vendor.name, 0), ssl_context=self._context, backlog=1_024
            )
            await site.start()
            self._ports[vendor.name] = runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._late:
            task.cancel()
        for runner in self._runners:
            # Clients keep connections open for a next call; a polite end would wait for each of them to say goodbye.
            for connection in list(runner.server.connections) if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()
            await runner.cleanup()

    async def _serve(self, service: str, route: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        body = await _text(request)
        request[NOTES] = {}
        record = partial(
            self.audit.add,
            service=service,
            route=route,
            method=request.method,
            path=request.path_qs,
            request=body,
            noted=request[NOTES],
        )
        tempers = self.tempers.of(route, request.path_qs + body)
        for latency in tempers:
            if isinstance(latency, Latency):
                await asyncio.sleep(self.tempers.pause(latency))
        mood = next((temper for temper in tempers if not isinstance(temper, Latency)), None)
        if isinstance(mood, Refuse):
            record(status=0, executed=False, answered=False)
            return _cut(request)
        if isinstance(mood, DoLate):
            self._do_late(mood.seconds, partial(handler, request), record)
            return _cut(request)
        if isinstance(mood, Answer) and not mood.done:
            record(status=mood.status, executed=False, answered=True)
            return _instead(mood)
        return await self._do(handler, request, mood, record)

    async def _do(
        self, handler: Handler, request: web.Request, mood: Temper | None, record: Callable[..., None]
    ) -> web.StreamResponse:
        response = await handler(request)
        lost = isinstance(mood, LoseAnswer)
        waits = request.transport is not None and not request.transport.is_closing()
        record(status=response.status, executed=True, answered=waits and not lost)
        if lost:
            return _cut(request)
        return _instead(mood) if isinstance(mood, Answer) else response

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

    async def _show_audit(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not after.isdecimal():
            return web.json_response({"wrong": "after: the number of an entry, or 0 for all of them"}, status=400)
        return web.json_response({"entries": self.audit.to_json(after=int(after))})

    async def _set_tempers(self, request: web.Request) -> web.Response:
        try:
            rules = rules_from_json(await request.read())
        except ValidationError as error:
            return web.json_response(
                {"wrong": error.errors(include_url=False, include_context=False, include_input=False)}, status=400
            )
        self.tempers.set(rules)
        return web.json_response({"rules": len(rules)})


async def _text(request: web.Request) -> str:
    """The body. A multipart form is read as a form, which the handler can then have too, and shown as if it were urlencoded."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return urlencode([(name, value) for name, value in form.items() if isinstance(value, str)])
    return (await request.read()).decode(errors="replace")


def _cut(request: web.Request) -> web.Response:
    """Ends the connection without a word; the response that is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _instead(mood: Answer) -> web.Response:
    return web.Response(
        status=mood.status, text=mood.body, headers=dict(mood.headers) or {"Content-Type": "application/json"}
    )
