"""Whom we talk to: a server that can't prove who it is was sent nothing."""

from pathlib import Path

import pytest

from consumer.errors import Stop, Unavailable
from consumer.http.client import HttpClient
from tests.http.certificates import self_signed
from tests.http.listening import answering, call, listening

_CREATED = answering(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")


async def test_a_server_with_a_certificate_that_we_trust_is_talked_to(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path)
    async with HttpClient(ca_file=trusted) as client, listening(_CREATED, tls=tls) as url:
        answered = await client.send(call(url), timeout=5)
    assert answered.status == 201


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path)
    async with HttpClient(ca_file=trusted) as client, listening(_CREATED, tls=tls, host="127.0.0.2") as url:
        with pytest.raises(Unavailable, match="certificate verification failed"):
            await client.send(call(url), timeout=5)


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path, days=-1)
    async with HttpClient(ca_file=trusted) as client, listening(_CREATED, tls=tls) as url:
        with pytest.raises(Unavailable, match="certificate verification failed"):
            await client.send(call(url), timeout=5)


async def test_a_certificate_that_no_one_vouches_for_is_refused(tmp_path: Path) -> None:
    _, tls = self_signed(tmp_path)
    async with HttpClient() as client, listening(_CREATED, tls=tls) as url:
        with pytest.raises(Unavailable, match="certificate verification failed"):
            await client.send(call(url), timeout=5)


def test_a_ca_file_that_is_none_stops_the_process_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("not PEM")
    with pytest.raises(Stop, match=r"ca\.pem"):
        HttpClient(ca_file=broken)
