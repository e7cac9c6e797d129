"""Serves vendors over TLS, each on a port of its own, with one audit log and one set of faults.

Every server also answers to tests and checkers: `GET /_simulator/audit?after=N`, `PUT /_simulator/faults`.
"""

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Self

from aiohttp import web
from pydantic import ValidationError

from sandbox.simulators.audit import AuditLog
from sandbox.simulators.faults import InjectedFaults, rules_from_json
from sandbox.simulators.request_handler import Handler, RequestHandler, Vendor

_LAST_ANSWERS = 1.0
"""Seconds at the end in which requests under way are answered; one that a fault delays would hold the end up for as long as that."""
_LAST_TURNS = 5
"""Of the event loop, in which connections are closed whose clients left amid the TLS handshake: aiohttp does not know them yet."""


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
        self.faults = InjectedFaults(random.Random(seed))  # noqa: S311  repeatable, guards nothing
        self._vendors = vendors
        self._context = context
        self._host = host
        self._wanted = ports or {}
        self._runners: list[web.AppRunner] = []
        self._ports: dict[str, int] = {}
        self._request_handler = RequestHandler(self.audit, self.faults, waiting=_waits)

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
                app.router.add_route(method, path, partial(self._serve, vendor, name, handler))
            for (method, path), handler in vendor.observers.items():
                app.router.add_route(method, path, handler)
            app.router.add_get("/_simulator/audit", self._show_audit)
            app.router.add_put("/_simulator/faults", self._set_faults)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_LAST_ANSWERS)
            await runner.setup()
            self._runners.append(runner)
            site = web.TCPSite(
                runner, self._host, self._wanted.get(vendor.name, 0), ssl_context=self._context, backlog=1_024
            )
            await site.start()
            self._ports[vendor.name] = runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._request_handler.close()
        for runner in self._runners:
            # Clients keep connections open for a next call; a polite end would wait for each of them to say goodbye.
            for connection in list(runner.server.connections) if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()
            await runner.cleanup()
        for _turn in range(_LAST_TURNS):
            await asyncio.sleep(0)

    async def _serve(self, vendor: Vendor, route: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        response = await self._request_handler.serve(vendor, route, handler, request)
        if response is not None:
            return response
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)  # the connection is closed: no client receives it

    async def _show_audit(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not after.isdecimal():
            return web.json_response({"wrong": "after: the number of an entry, or 0 for all of them"}, status=400)
        return web.json_response({"entries": self.audit.to_json(after=int(after))})

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            rules = rules_from_json(await request.read())
        except ValidationError as error:
            return web.json_response(
                {"wrong": error.errors(include_url=False, include_context=False, include_input=False)}, status=400
            )
        self.faults.set(rules)
        return web.json_response({"rules": len(rules)})


def _waits(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
