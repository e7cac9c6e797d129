"""The one HTTP client: httpx's API on aiohttp's connections.

What a failure means is read from aiohttp's own exception: httpx-aiohttp names several kinds alike, some of which come before any byte
was sent and some after.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from consumer.errors import Fault, OutcomeUnknown, Stop, Unavailable
from consumer.http.answer import Answer
from consumer.http.resolver import VendorResolver

_LONGEST_BODY = 4 * 1024 * 1024
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "provisioner"}
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""Refused, not resolved, no TLS, no connection in time or none free: the request has not left."""

Observer = Callable[[str, str, str, float], None]
"""Is told of each call: service, operation, outcome (a status class, `unknown` or `not_sent`), seconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `service` and `operation` name it in metrics; `writes` whether it changes anything."""

    service: str
    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    content: bytes | None = field(repr=False, default=None)
    writes: bool = False


class Http(Protocol):
    """A way to vendors; `HttpClient` is the real one."""

    async def send(self, call: Call, *, timeout: float) -> Answer:
        """See `HttpClient.send`."""
        ...


class _NoAnswerError(Exception):
    """Bytes may have left, and no whole answer came back; why, in a word."""


class HttpClient:
    """Connections to vendors, at most so many at once. With `ca_file`, only its certificates are trusted, and private networks may be
    called. `connect` is how many seconds a new connection has.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        connections: int = 512,
        connect: float = 5.0,
        observe: Observer | None = None,
    ) -> None:
        context = tls_context(ca_file)

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                limit=connections,
                ssl=context,
                keepalive_timeout=30,
                resolver=VendorResolver(private=ca_file is not None),
            )
            return aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())

        # No client around the transport: cookies, redirects, proxies and credentials of httpx's own are nothing that a vendor call may
        # have, and looking for them would cost as much as the call itself.
        self._transport = AiohttpTransport(verify=context, client=session, trust_env=False)
        self._connect = connect
        self._observe = observe

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections."""
        await self._transport.aclose()

    async def send(self, call: Call, *, timeout: float) -> Answer:
        """The answer, whatever its status; redirects are answers too. `timeout` is in seconds for all of it; with 0, nothing is sent.

        Raises `Unavailable` where the request has definitely not left (or changes nothing), else `OutcomeUnknown`.
        """
        began = time.perf_counter()
        outcome = "unknown"
        try:
            answer = await self._send(call, timeout)
            outcome = f"{answer.status // 100}xx"
        except Unavailable:
            outcome = "not_sent"
            raise
        except _NoAnswerError as error:
            raise lost(call, str(error)) from error
        else:
            return answer
        finally:
            if self._observe:
                self._observe(call.service, call.operation, outcome, time.perf_counter() - began)

    async def _send(self, call: Call, timeout: float) -> Answer:
        if timeout <= 0:
            raise Unavailable(f"{call.service} was not called: no time was left.")
        # Well before the end, so that a connection that never came is told apart. Those that wait for one to be free, where more calls
        # are made than there may be connections, wait for answers to others: that is no fault of the vendor's.
        free = timeout / 2
        request = httpx.Request(
            call.method,
            call.url,
            headers={**_HEADERS, **call.headers},
            content=call.content,
            extensions={"timeout": {"connect": min(self._connect, free), "read": timeout, "pool": free}},
        )
        try:
            async with asyncio.timeout(timeout):
                response = await self._transport.handle_async_request(request)
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise _NoAnswerError("no answer in time") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, _NEVER_SENT):
                raise Unavailable(f"{call.service} can't be reached ({type(cause).__name__}).") from error
            raise _NoAnswerError(type(cause).__name__) from error
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LONGEST_BODY:
            raise httpx.ReadError("the answer is too long")
    return bytes(body)


def lost(call: Call, why: str) -> Fault:
    """What it means that no answer came: a read can be asked again, a write may have been carried out."""
    if call.writes:
        return OutcomeUnknown(f"{call.service} was asked to {call.operation}, and gave no answer ({why}).")
    return Unavailable(f"{call.service} gave no answer ({why}).")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts the certificates (PEM) of `ca_file`, else the system's. Raises `Stop` where the file cannot be read as such."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise Stop(f"The CA file `{ca_file}` can't be read as PEM certificates.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
