"""Why a connection failed, as each client tells it: the service's own, requests (token endpoints), httpx (the registry)."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import requests

from consumer.errors import Unavailable
from consumer.http.causes import explain
from consumer.http.client import HttpClient
from consumer.http.proxy import DIRECT, Proxies
from consumer.providers.session import session
from testbed.parts.proxy import ConnectProxy
from tests.http.certificates import self_signed
from tests.http.listening import answering, call, listening

Explain = Callable[[str, Proxies], str]


def by_requests(url: str, proxies: Proxies) -> str:
    with session(None, proxies=proxies) as own:
        try:
            own.post(url, data="{}")
        except requests.RequestException as error:
            return explain(error)
    return ""


def by_httpx(url: str, proxies: Proxies) -> str:
    with httpx.Client(proxy=proxies.of(url), trust_env=False) as client:
        try:
            client.post(url, content="{}")
        except httpx.HTTPError as error:
            return explain(error)
    return ""


def by_the_service(url: str, proxies: Proxies) -> str:
    async def ask() -> str:
        async with HttpClient(proxies=proxies) as client:
            try:
                await client.send(call(url), timeout=5)
            except Unavailable as fault:
                return str(fault)
        return ""

    return asyncio.run(ask())


every_client = pytest.mark.parametrize("explain", [by_requests, by_httpx, by_the_service])


@every_client
async def test_a_refused_connection(explain: Explain) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{closed.getsockname()[1]}/"
    assert "connection refused" in await asyncio.to_thread(explain, url, DIRECT)


@every_client
async def test_a_name_that_leads_nowhere(explain: Explain) -> None:
    assert "its name cannot be resolved" in await asyncio.to_thread(explain, "https://no-such-host.invalid/", DIRECT)


@every_client
async def test_a_certificate_that_no_one_vouches_for(explain: Explain, tmp_path: Path) -> None:
    _, tls = self_signed(tmp_path)
    async with listening(answering(b"HTTP/1.1 204 No Content\r\n\r\n"), tls=tls) as url:
        assert "certificate verification failed" in await asyncio.to_thread(explain, url, DIRECT)


@every_client
@pytest.mark.parametrize("status", [403, 407, 503])
async def test_a_tunnel_that_the_proxy_refuses(explain: Explain, status: int) -> None:
    async with ConnectProxy(credentials="me:hunter2", status=status) as proxy:
        proxies = Proxies(https=proxy.url)
        why = await asyncio.to_thread(explain, "https://graph.vendor.example/", proxies)
    assert f"the proxy refused the tunnel (HTTP {status})" in why
    assert "hunter2" not in why


def test_what_explains_nothing_is_reported_by_its_name_alone() -> None:
    assert explain(RuntimeError("a name and a password")) == "RuntimeError"
