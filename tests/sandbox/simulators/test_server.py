"""Vendors that are served over TLS, with every fault."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from aiohttp import web

from sandbox.simulators.audit import Entry
from sandbox.simulators.faults import Answer, DoLate, FaultRule, InjectedFault, Latency, LoseAnswer, Refuse
from sandbox.simulators.request_handler import NOTES, Vendor
from sandbox.simulators.server import VendorServer
from sandbox.simulators.tls import Authority
from tests.sandbox.simulators.clock import START, Clock

PATIENCE = 5.0
"""Seconds; a deadline that a working server never comes near."""


class Counter:
    """A vendor that adds up what it receives, and returns the sum."""

    def __init__(self) -> None:
        self.total = 0
        self.forms: list[Mapping[str, Any]] = []

    def vendor(self, name: str) -> Vendor:
        return Vendor(
            name,
            {(f"{name}.add", "POST", "/add/{number}"): self._add, (f"{name}.form", "POST", "/form"): self._form},
            {("GET", "/_simulator/total"): self._show},
        )

    async def _add(self, request: web.Request) -> web.Response:
        self.total += int(request.match_info["number"])
        request[NOTES]["total"] = self.total
        return web.json_response({"total": self.total}, status=201)

    async def _form(self, request: web.Request) -> web.Response:
        self.forms.append(dict(await request.post()))
        return web.json_response({})

    async def _show(self, _request: web.Request) -> web.Response:
        return web.json_response({"total": self.total})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def server(authority: Authority, counter: Counter) -> AsyncIterator[VendorServer]:
    vendors = [counter.vendor("one"), Counter().vendor("other")]
    async with VendorServer(vendors, context=authority.server_context(), clock=Clock()) as served:
        yield served


@pytest.fixture
async def http(authority: Authority) -> AsyncIterator[httpx.AsyncClient]:
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with httpx.AsyncClient(verify=trusting, trust_env=False, timeout=PATIENCE) as client:
        yield client


async def _recorded(server: VendorServer, http: httpx.AsyncClient) -> Entry:
    """The first entry, as soon as it is there."""
    async with asyncio.timeout(PATIENCE):
        while not (await http.get(f"{server.url('one')}/_simulator/audit")).json()["entries"]:
            pass
    return server.audit.entries()[0]


def _with_fault(server: VendorServer, fault: InjectedFault) -> None:
    server.faults.set([FaultRule(route="*", fault=fault, first=1)])


async def test_every_vendor_stands_on_a_port_of_its_own(server: VendorServer, http: httpx.AsyncClient) -> None:
    await http.post(f"{server.url('one')}/add/3")

    totals = [(await http.get(f"{server.url(name)}/_simulator/total")).json()["total"] for name in server.names]

    assert totals == [3, 0]


async def test_a_request_is_recorded_with_what_its_handler_noted(server: VendorServer, http: httpx.AsyncClient) -> None:
    await http.post(f"{server.url('one')}/add/3?why=test", content=b"three")

    [entry] = server.audit.entries()

    assert (entry.at, entry.service, entry.route, entry.method, entry.path) == (
        START,
        "one",
        "one.add",
        "POST",
        "/add/3?why=test",
    )
    assert (entry.status, entry.executed, entry.answered) == (201, True, True)
    assert (entry.request, entry.noted) == ("three", {"total": 3})


async def test_a_call_that_met_a_fault_is_recorded_with_it_and_no_other(
    server: VendorServer, http: httpx.AsyncClient
) -> None:
    _with_fault(server, Answer(status=503, done=True))

    for _ in range(2):
        await http.post(f"{server.url('one')}/add/3")

    assert [entry.noted.get("fault") for entry in server.audit.entries()] == ["answer", None]


async def test_observers_leave_no_trace(server: VendorServer, http: httpx.AsyncClient) -> None:
    await http.get(f"{server.url('one')}/_simulator/total")

    assert server.audit.entries() == []


async def test_a_lost_answer_is_lost_after_the_deed(
    server: VendorServer, http: httpx.AsyncClient, counter: Counter
) -> None:
    _with_fault(server, LoseAnswer())

    with pytest.raises(httpx.TransportError):
        await http.post(f"{server.url('one')}/add/3")

    [entry] = server.audit.entries()
    assert (counter.total, entry.status, entry.executed, entry.answered) == (3, 201, True, False)


async def test_a_refused_call_does_nothing(server: VendorServer, http: httpx.AsyncClient, counter: Counter) -> None:
    _with_fault(server, Refuse())

    with pytest.raises(httpx.TransportError):
        await http.post(f"{server.url('one')}/add/3")

    [entry] = server.audit.entries()
    assert (counter.total, entry.executed, entry.answered) == (0, False, False)


async def test_a_late_deed_is_done_although_the_caller_is_long_gone(
    server: VendorServer, http: httpx.AsyncClient, counter: Counter
) -> None:
    _with_fault(server, DoLate(seconds=0.05))

    with pytest.raises(httpx.TransportError):
        await http.post(f"{server.url('one')}/add/3", content=b"three")
    assert counter.total == 0

    entry = await _recorded(server, http)
    assert (counter.total, entry.executed, entry.answered, entry.request) == (3, True, False, "three")


@pytest.mark.parametrize(("done", "total"), [(False, 0), (True, 3)])
async def test_another_answer_stands_in_for_the_vendor_s_own(
    server: VendorServer,
    http: httpx.AsyncClient,
    counter: Counter,
    done: bool,  # noqa: FBT001  a case
    total: int,
) -> None:
    throttled = Answer(status=429, body="later", headers={"Retry-After": "2.128"}, done=done)
    _with_fault(server, throttled)

    answer = await http.post(f"{server.url('one')}/add/3")

    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (429, "later", "2.128")
    assert (counter.total, server.audit.entries()[0].executed) == (total, done)


async def test_a_slow_vendor_takes_its_time(server: VendorServer, http: httpx.AsyncClient) -> None:
    _with_fault(server, Latency(low=0.05, high=0.06))
    loop = asyncio.get_running_loop()
    before = loop.time()

    await http.post(f"{server.url('one')}/add/3")

    assert loop.time() - before >= 0.05


async def test_a_caller_that_hung_up_saw_no_answer(
    server: VendorServer, http: httpx.AsyncClient, counter: Counter
) -> None:
    _with_fault(server, Latency(low=0.2, high=0.2))

    with pytest.raises(httpx.ReadTimeout):
        await http.post(f"{server.url('one')}/add/3", timeout=0.05)

    entry = await _recorded(server, http)
    assert (counter.total, entry.executed, entry.answered) == (3, True, False)


@pytest.mark.parametrize("multipart", [False, True])
async def test_handlers_get_forms_of_either_kind(
    server: VendorServer,
    http: httpx.AsyncClient,
    counter: Counter,
    multipart: bool,  # noqa: FBT001  a case
) -> None:
    form = {"to": "maria@post.example", "subject": "Καλωσόρισες"}
    sent: dict[str, Any] = (
        {"files": {name: (None, text) for name, text in form.items()}} if multipart else {"data": form}
    )

    await http.post(f"{server.url('one')}/form", **sent)

    assert counter.forms == [form]
    assert "maria%40post.example" in server.audit.entries()[0].request


async def test_bytes_that_are_no_text_are_recorded_all_the_same(server: VendorServer, http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{server.url('one')}/add/3", content=b"\xff\xfe")

    assert (answer.status_code, len(server.audit.entries())) == (201, 1)


async def test_other_processes_read_the_audit_from_where_they_left_off(
    server: VendorServer, http: httpx.AsyncClient
) -> None:
    for number in (1, 2):
        await http.post(f"{server.url('one')}/add/{number}")

    answer = await http.get(f"{server.url('other')}/_simulator/audit?after=1")

    assert [entry["path"] for entry in answer.json()["entries"]] == ["/add/2"]


async def test_an_audit_from_nowhere_is_refused(server: VendorServer, http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{server.url('one')}/_simulator/audit?after=yesterday")

    assert answer.status_code == 400
    assert "after" in answer.json()["wrong"]


async def test_other_processes_set_faults(server: VendorServer, http: httpx.AsyncClient) -> None:
    rules = [{"route": "one.add", "fault": {"kind": "answer", "status": 503}, "first": 1}]

    answer = await http.put(f"{server.url('other')}/_simulator/faults", json=rules)

    assert answer.json() == {"rules": 1}
    assert (await http.post(f"{server.url('one')}/add/3")).status_code == 503


@pytest.mark.parametrize(
    ("body", "place"),
    [(json.dumps([{"route": "*", "fault": {"kind": "sulk"}}]), "fault"), ('{"route"', ""), (b"\xed\xa0\xbd", "")],
)
async def test_faults_that_make_no_sense_are_refused_and_change_nothing(
    server: VendorServer, http: httpx.AsyncClient, body: str | bytes, place: str
) -> None:
    _with_fault(server, Answer(status=503))

    answer = await http.put(f"{server.url('one')}/_simulator/faults", content=body)

    assert answer.status_code == 400
    assert place in json.dumps(answer.json()["wrong"])
    assert (await http.post(f"{server.url('one')}/add/3")).status_code == 503


async def test_a_wanted_port_is_kept_and_the_name_that_the_network_knows_is_used(
    authority: Authority, unused_tcp_port: int
) -> None:
    vendors = [Counter().vendor("one")]
    ports = {"one": unused_tcp_port}

    async with VendorServer(vendors, context=authority.server_context(), clock=Clock(), ports=ports) as server:
        assert server.url("one", host="vendors") == f"https://vendors:{unused_tcp_port}"


async def test_its_port_is_closed_after_its_end(authority: Authority, http: httpx.AsyncClient) -> None:
    async with VendorServer([Counter().vendor("one")], context=authority.server_context(), clock=Clock()) as server:
        url = server.url("one")

    with pytest.raises(httpx.ConnectError):
        await http.get(f"{url}/_simulator/total")


async def test_a_client_without_the_authority_is_not_served(server: VendorServer) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get(f"{server.url('one')}/_simulator/total")
