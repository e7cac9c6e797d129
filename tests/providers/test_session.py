"""HTTP as the vendors' token clients get to use it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from consumer.http.proxy import Proxies
from consumer.providers.session import session
from testbed.parts.proxy import ConnectProxy
from tests.http.certificates import self_signed
from tests.http.listening import Behaviour, answering, listening

_OBJECT = b'{"access_token": "t"}'


def saying(body: bytes, *, head: bytes = b"HTTP/1.1 200 OK") -> Behaviour:
    return answering(b"%s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body))


async def asked(url: str, *, ca_file: Path | None = None, silence: float = 5) -> requests.Response:
    """What a token client gets that sets no time of its own."""

    def ask() -> requests.Response:
        with session(ca_file, silence=silence) as own:
            return own.post(url, data="{}", timeout=None)

    return await asyncio.to_thread(ask)


async def test_a_json_object_comes_through_whatever_its_status() -> None:
    async with listening(saying(_OBJECT, head=b"HTTP/1.1 401 Unauthorized")) as url:
        answer = await asked(url)
    assert (answer.status_code, answer.json()) == (401, {"access_token": "t"})


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"access_token": "t', b'["t"]', b'"t"', b"\xff\xfe", b"[" * 100_000]
)
async def test_whatever_is_no_json_object_is_refused(body: bytes) -> None:
    async with listening(saying(body)) as url:
        with pytest.raises(requests.RequestException, match="not a JSON object"):
            await asked(url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    elsewhere: list[asyncio.StreamWriter] = []

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elsewhere.append(writer)

    async with listening(note) as other:
        head = b"HTTP/1.1 %d Moved\r\nLocation: %s" % (status, other.encode())
        async with listening(saying(_OBJECT, head=head)) as url:
            with pytest.raises(requests.RequestException):
                await asked(url)
    assert elsewhere == []


async def test_an_endpoint_that_falls_silent_is_given_up_although_the_client_would_wait_for_ever() -> None:
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with listening(say_nothing) as url:
        with pytest.raises(requests.ReadTimeout):
            await asked(url, silence=0.1)
        over.set()


async def test_only_the_certificates_that_were_named_are_trusted(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path)
    async with listening(saying(_OBJECT), tls=tls) as url:
        assert (await asked(url, ca_file=trusted)).ok
        with pytest.raises(requests.exceptions.SSLError):
            await asked(url)


async def test_a_ca_file_that_is_not_there_fails_as_a_request_does(tmp_path: Path) -> None:
    with pytest.raises(requests.exceptions.SSLError, match="CA file"):
        await asked("https://127.0.0.1:9", ca_file=tmp_path / "gone.pem")


async def test_a_token_request_goes_through_the_proxy_with_its_credentials(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path, name="login.vendor.example")
    async with listening(saying(_OBJECT), tls=tls) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        proxy = ConnectProxy(credentials="me:secret", leads=lambda _host, _port: ("127.0.0.1", port))

        def ask() -> int:
            with session(trusted, proxies=Proxies(https=proxy.url)) as own:
                return own.post("https://login.vendor.example/token", data="{}").status_code

        async with proxy:
            assert await asyncio.to_thread(ask) == 200
    assert proxy.targets == ["login.vendor.example:443"]


async def test_the_environment_names_neither_a_proxy_nor_certificates(tmp_path: Path) -> None:
    trusted, tls = self_signed(tmp_path)
    asking = (
        "import sys; from pathlib import Path; from consumer.providers.session import session; "
        "print(session(Path(sys.argv[1])).post(sys.argv[2], data='{}').status_code)"
    )
    nowhere = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": "/nowhere.pem",
        "CURL_CA_BUNDLE": "/nowhere.pem",
    }
    async with listening(saying(_OBJECT), tls=tls) as url:
        command = [sys.executable, "-c", asking, str(trusted), url]
        done = await asyncio.to_thread(
            subprocess.run, command, env=nowhere, capture_output=True, text=True, check=False
        )
    assert (done.stdout.strip(), done.stderr) == ("200", "")
