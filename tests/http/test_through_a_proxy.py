"""Calls to vendors through a proxy: what arrives, and what a failure on the way means."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from consumer.errors import Unavailable
from consumer.http.client import HttpClient
from consumer.http.proxy import Proxies
from testbed.parts.proxy import ConnectProxy
from tests.http.certificates import self_signed
from tests.http.listening import answering, call, listening

_CREATED = answering(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
_VENDOR = "https://graph.vendor.example/users"


def to_this_machine(port: int) -> Callable[[str, int], tuple[str, int]]:
    return lambda _host, _port: ("127.0.0.1", port)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


@pytest.mark.parametrize("credentials", [None, "provisioner:p@ss"])
async def test_a_call_arrives_and_the_vendor_s_name_is_the_proxy_s_to_resolve(
    tmp_path: Path, credentials: str | None
) -> None:
    trusted, tls = self_signed(tmp_path, name="graph.vendor.example")
    async with listening(_CREATED, tls=tls) as url:
        proxy = ConnectProxy(credentials=credentials, leads=to_this_machine(port_of(url)))
        async with proxy, HttpClient(ca_file=trusted, proxies=Proxies(https=_encoded(proxy))) as client:
            answered = await client.send(call(_VENDOR), timeout=5)
    assert answered.status == 201
    assert proxy.targets == ["graph.vendor.example:443"]


async def test_what_no_proxy_names_is_called_directly(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path)
    async with listening(_CREATED, tls=tls) as url, ConnectProxy() as proxy:
        proxies = Proxies(https=proxy.url, direct=("127.0.0.1",))
        async with HttpClient(ca_file=trusted, proxies=proxies) as client:
            assert (await client.send(call(url), timeout=5)).status == 201
    assert proxy.targets == []


@pytest.mark.parametrize("status", [403, 407, 502, 503])
async def test_a_tunnel_that_is_refused_has_sent_nothing_and_the_status_is_reported(status: int) -> None:
    async with ConnectProxy(status=status) as proxy, HttpClient(proxies=Proxies(https=proxy.url)) as client:
        with pytest.raises(Unavailable, match=f"the proxy refused the tunnel .HTTP {status}.") as fault:
            await client.send(call(_VENDOR), timeout=5)
    assert "127.0.0.1" not in str(fault.value)


async def test_wrong_credentials_are_reported_and_not_shown() -> None:
    async with ConnectProxy(credentials="right:right") as proxy:
        wrong = proxy.url.replace("right:right", "me:hunter2")
        async with HttpClient(proxies=Proxies(https=wrong)) as client:
            with pytest.raises(Unavailable, match="HTTP 407") as fault:
                await client.send(call(_VENDOR), timeout=5)
    assert "hunter2" not in str(fault.value)


async def test_a_proxy_that_hangs_up_has_sent_nothing() -> None:
    async with ConnectProxy(status=None) as proxy, HttpClient(proxies=Proxies(https=proxy.url)) as client:
        with pytest.raises(Unavailable, match="the proxy did not respond"):
            await client.send(call(_VENDOR), timeout=5)


async def test_a_proxy_that_is_unavailable_has_sent_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
    async with HttpClient(proxies=Proxies(https=proxy)) as client:
        with pytest.raises(Unavailable, match="connection refused"):
            await client.send(call(_VENDOR), timeout=5)


async def test_a_vendor_behind_the_proxy_must_still_prove_who_it_is(tmp_path: Path) -> None:
    _, tls = self_signed(tmp_path, name="graph.vendor.example")
    async with listening(_CREATED, tls=tls) as url:
        proxy = ConnectProxy(leads=to_this_machine(port_of(url)))
        async with proxy, HttpClient(proxies=Proxies(https=proxy.url)) as client:
            with pytest.raises(Unavailable, match="certificate verification failed"):
                await client.send(call(_VENDOR), timeout=5)


def _encoded(proxy: ConnectProxy) -> str:
    return proxy.url.replace("p@ss", "p%40ss")
