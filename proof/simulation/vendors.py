"""The vendors, reached in memory by the service's own adapters: the simulators' own handlers answer, as the network conditions let them.

adapter ── send ──▶ way there ──▶ the tenant's request handler at the vendor: fault, handler, audit ──▶ way back ──▶ adapter
             └── unreachable: nothing has left
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from consumer.errors import Unavailable
from consumer.http.answer import Answer
from consumer.http.client import USER_AGENT, Call, lost
from consumer.providers.google.tokens import scopes_of
from consumer.providers.tokens import Fetch, TokenSource
from consumer.secrets import SecretOpener
from consumer.tenants import GoogleSection, MicrosoftSection
from proof.simulation.clock import Clock
from proof.simulation.process import Process
from proof.simulation.trace import Trace
from proof.simulation.wire import ask, at_once
from sandbox.simulators.audit import AuditLog
from sandbox.simulators.faults import DoLate, FaultRule, InjectedFault, InjectedFaults
from sandbox.simulators.in_memory import Request, Routes, answer_of
from sandbox.simulators.request_handler import RequestHandler, Vendor
from sandbox.simulators.vendors import Vendors

_LEAST, _MOST = 0.02, 0.25
"""Seconds that each way takes."""
_NEVER = 86_400.0
_GOOGLES_LIFETIME = 3_599.0


@dataclass(frozen=True, slots=True)
class NetworkConditions:
    """Between a tenant and a vendor, and at the vendor for that tenant. Chances are of each call, `slowness` is in seconds."""

    rules: tuple[FaultRule, ...] = ()
    unreachable: float = 0.0
    request_lost: float = 0.0
    answer_lost: float = 0.0
    slow: float = 0.0
    slowness: float = 0.0

    @property
    def lateness(self) -> float:
        """How long what was sent may still be on its way, in seconds."""
        return max((rule.fault.seconds for rule in self.rules if isinstance(rule.fault, DoLate)), default=0.0)


HEALTHY = NetworkConditions()


def host(vendor: str, tenant_id: str) -> str:
    """Where a tenant's configuration finds a vendor: each has a name of its own, and so network conditions of its own."""
    return f"{vendor}.{tenant_id}.example"


def tenant_of(name: str) -> str:
    """Whose way to a vendor a host is."""
    return name.split(".")[1]


class Internet:
    """All vendors, as every tenant reaches them. `fired` counts the faults that calls met."""

    def __init__(
        self,
        vendors: Vendors,
        tenants: Sequence[str],
        open_secret: SecretOpener,
        *,
        clock: Clock,
        rng: random.Random,
        trace: Trace,
    ) -> None:
        self.audit = _TracedAudit(clock.unix, trace)
        self.fired: Counter[str] = Counter()
        self._rng = rng
        self._trace = trace
        self._vendors = vendors
        self._open_secret = open_secret
        self._places: dict[str, _Place] = {}
        for vendor in vendors.served().values():
            routes = Routes(vendor.routes)
            for tenant_id in tenants:
                faults = _Counted(rng, self.fired)
                request_handler = RequestHandler(self.audit, faults, waiting=_waits)
                self._places[host(vendor.name, tenant_id)] = _Place(vendor, routes, request_handler, faults)

    def set_conditions(self, conditions: Mapping[str, NetworkConditions]) -> None:
        """By host; CALM at all others."""
        for name, place in self._places.items():
            place.conditions = conditions.get(name, HEALTHY)
            place.faults.set(place.conditions.rules)

    def of(self, process: Process) -> "SimulatedHttp":
        """A process's client."""
        return SimulatedHttp(self, process)

    async def send(self, process: Process, call: Call, *, timeout: float) -> Answer:
        if timeout <= 0:
            raise Unavailable(f"{call.service} was not called: the time limit was reached.")
        place = self._places[urlsplit(call.url).hostname or ""]
        there, back = self._rng.uniform(_LEAST, _MOST), self._rng.uniform(_LEAST, _MOST)
        fault = self._fault(place.conditions)
        if fault == "unreachable":
            await asyncio.sleep(there)
            raise Unavailable(f"{call.service} can't be reached.")
        if fault == "slow":
            back += self._rng.uniform(0.0, place.conditions.slowness)
        elif fault is not None:
            back = _NEVER
        self._trace.add(process.name, "calls", f"{call.service} {call.operation}")
        in_time = there + back < timeout
        deal = partial(self._deal, place, call, waits=lambda: process.alive and in_time)
        try:
            async with asyncio.timeout(None if in_time else timeout):
                answer = await ask(deal if fault != "request_lost" else _nothing, there=there, back=back)
        except TimeoutError as error:
            raise lost(call, "timed out") from error
        if answer is None:
            raise lost(call, "the connection was cut")
        return answer

    def tokens(self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        """From the vendors' own issuers, without their clients."""
        entra = isinstance(section, MicrosoftSection)
        fetch = partial(self._entra, section) if entra else partial(self._google, section, scopes)
        url = section.graph_url if isinstance(section, MicrosoftSection) else section.directory_url
        return TokenSource(fetch, run=partial(self._fetch, self._places[urlsplit(url).hostname or ""]))

    def _fault(self, conditions: NetworkConditions) -> str | None:
        if conditions is HEALTHY:
            return None
        for name in ("unreachable", "request_lost", "answer_lost", "slow"):
            if (chance := getattr(conditions, name)) and self._rng.random() < chance:
                self.fired[name] += 1
                return name
        return None

    def _deal(self, place: "_Place", call: Call, *, waits: Callable[[], bool]) -> Answer | None:
        url = URL(call.url, encoded=True)
        name, handler, path = place.routes.find(call.method, url.raw_path)
        sent = replace(call, headers={"User-Agent": USER_AGENT, **call.headers})
        request = Request(sent, url, path, waits=waits)
        response = at_once(place.request_handler.serve(place.vendor, name, handler, request))
        return answer_of(response) if response else None

    async def _fetch(self, place: "_Place", fetch: Fetch) -> tuple[str, float]:
        if self._rng.random() < place.conditions.unreachable:
            raise Unavailable("The token endpoint can't be reached.")
        return await ask(fetch, there=self._rng.uniform(_LEAST, _MOST), back=self._rng.uniform(_LEAST, _MOST))

    def _entra(self, section: MicrosoftSection) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": section.client_id,
            "client_secret": self._open_secret(section.client_secret or ""),
            "scope": f"{section.graph_url}/.default",
        }
        _, body = self._vendors.graph.tokens.exchange(section.tenant_id, form, resource=section.graph_url)
        return str(body["access_token"]), float(body["expires_in"])

    def _google(self, section: GoogleSection, scopes: Sequence[str] | None) -> tuple[str, float]:
        account = json.loads(self._open_secret(section.service_account or ""))["client_email"]
        wanted = scopes_of(section) if scopes is None else scopes
        return self._vendors.google.tokens.give(account, section.admin_subject, wanted), _GOOGLES_LIFETIME


class SimulatedHttp:
    """Keeps `Http` for one process."""

    def __init__(self, internet: Internet, process: Process) -> None:
        self._internet = internet
        self._process = process

    async def send(self, call: Call, *, timeout: float) -> Answer:
        return await self._internet.send(self._process, call, timeout=timeout)


class _TracedAudit(AuditLog):
    def __init__(self, clock: Callable[[], float], trace: Trace) -> None:
        super().__init__(clock)
        self._trace = trace

    def add(self, **about: Any) -> None:  # noqa: ANN401  the fields of `Entry`
        super().add(**about)
        about_object = about["noted"].get("object_id") or ""
        self._trace.add(
            about["service"],
            about["route"],
            (
                about["status"],
                "done" if about["executed"] else "not done",
                "answered" if about["answered"] else "lost",
                about_object,
            ),
        )


class _Counted(InjectedFaults):
    """Counts the faults that it gives."""

    def __init__(self, rng: random.Random, fired: Counter[str]) -> None:
        super().__init__(rng)
        self._fired = fired

    def of(self, route: str, text: str) -> Sequence[InjectedFault]:
        faults = super().of(route, text)
        self._fired.update(fault.kind for fault in faults)
        return faults


@dataclass(slots=True)
class _Place:
    """One vendor as one tenant meets it."""

    vendor: Vendor
    routes: Routes
    request_handler: RequestHandler
    faults: InjectedFaults
    conditions: NetworkConditions = HEALTHY


def _waits(request: web.Request) -> bool:
    return cast("Request", request).waits()


def _nothing() -> None:
    """The request never arrived."""
