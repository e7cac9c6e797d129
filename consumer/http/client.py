"""The one HTTP client: httpx's API on aiohttp's connections.

What a failure means is read from aiohttp's own exception: httpx-aiohttp names several kinds alike, some of which come before any byte
was sent and some after.
"""

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, Self, cast

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport
from opentelemetry.trace import Span

from consumer.errors import Fault, OutcomeUnknown, Stop, Unavailable
from consumer.http.answer import Answer
from consumer.http.causes import ProxyRefused, explain
from consumer.http.proxy import DIRECT, Proxies
from consumer.http.resolver import VendorResolver
from consumer.observe import tracing
from consumer.observe.trace_context import HEADER

_LONGEST_BODY = 4 * 1024 * 1024
USER_AGENT = "provisioner"
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""Refused, not resolved, no TLS, no tunnel, no connection in time or none free: the request has not left."""

Observer = Callable[[str, str, str, float], None]
"""Receives each call: service, operation, outcome (a status class, `unknown` or `not_sent`), seconds."""


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

    async def send(self, call: Call, *, timeout: float) -> Answer: ...


class _NoAnswerError(Exception):
    """Bytes may have left, and no whole answer came back; why, in a word."""


class _Connector(aiohttp.TCPConnector):
    """Recognises a tunnel that the proxy did not open: that is before the request's first byte."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """See aiohttp's `BaseConnector.connect`. Raises `ClientProxyConnectionError` for whatever goes wrong between us and the proxy."""
        try:
            return await super().connect(req, traces, timeout)
        except _NEVER_SENT:
            raise
        except aiohttp.ClientHttpProxyError as error:
            why = f"the proxy refused the tunnel (HTTP {error.status})"
            raise aiohttp.ClientProxyConnectionError(req.connection_key, ProxyRefused(why)) from error
        except (aiohttp.ClientError, OSError) as error:
            if req.proxy is None:
                raise
            why = "the proxy did not respond"
            raise aiohttp.ClientProxyConnectionError(req.connection_key, ProxyRefused(why)) from error


class HttpClient:
    """Connections to vendors, at most so many at once. With `ca_file`, only its certificates are trusted, and private networks may be
    called. `connect` is how many seconds a new connection has. `proxies` says which calls leave through a proxy. `names` resolves names
    instead of the system.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        connections: int = 512,
        connect: float = 5.0,
        observe: Observer | None = None,
        proxies: Proxies = DIRECT,
        names: AbstractResolver | None = None,
    ) -> None:
        context = tls_context(ca_file)

        def session() -> aiohttp.ClientSession:
            connector = _Connector(
                limit=connections,
                ssl=context,
                keepalive_timeout=30,
                resolver=VendorResolver(private=ca_file is not None, proxies=proxies.names, system=names),
            )
            return aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())

        def transport(proxy: str | None) -> AiohttpTransport:
            # No client around the transport: cookies, redirects, proxies and credentials of httpx's own are nothing that a vendor call may
            # have, and looking for them would cost as much as the call itself.
            return AiohttpTransport(verify=context, client=session, trust_env=False, proxy=_through(proxy))

        self._proxies = proxies
        self._transports = {proxy: transport(proxy) for proxy in {None, proxies.https, proxies.http}}
        self._connect = connect
        self._observe = observe

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections."""
        for transport in self._transports.values():
            await transport.aclose()

    async def send(self, call: Call, *, timeout: float) -> Answer:
        """The answer, whatever its status; redirects are responses too. `timeout` is in seconds for all of it; with 0, nothing is sent.

        Raises `Unavailable` where the request has definitely not left (or changes nothing), else `OutcomeUnknown`.
        """
        with tracing.span(f"{call.service} {call.operation}", kind=tracing.CLIENT) as span:
            began = time.perf_counter()
            outcome = "unknown"
            try:
                answer = await self._send(_traced(call, span), timeout)
                outcome = f"{answer.status // 100}xx"
            except Unavailable:
                outcome = "not_sent"
                raise
            except _NoAnswerError as error:
                raise lost(call, str(error)) from error
            else:
                _answered(span, answer)
                return answer
            finally:
                if self._observe:
                    self._observe(call.service, call.operation, outcome, time.perf_counter() - began)

    async def _send(self, call: Call, timeout: float) -> Answer:
        if timeout <= 0:
            raise Unavailable(f"{call.service} was not called: the time limit was reached.")
        # Well before the end, so that a connection that was never made is recognised. Those that wait for one to be free, where more calls
        # are made than there may be connections, wait for answers to others: that is not the vendor's fault.
        free = timeout / 2
        transport = self._transports[self._proxies.of(call.url)]
        request = httpx.Request(
            call.method,
            _url(call.url),
            headers={**_HEADERS, **call.headers},
            content=call.content,
            extensions={"timeout": {"connect": min(self._connect, free), "read": timeout, "pool": free}},
        )
        request.headers.encoding = "utf-8"  # known, so that it need not be tried out for each call
        try:
            async with asyncio.timeout(timeout):
                response = await transport.handle_async_request(request)
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise _NoAnswerError("timed out") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, _NEVER_SENT):
                raise Unavailable(f"{call.service} can't be reached ({explain(error)}).") from error
            raise _NoAnswerError(type(cause).__name__) from error
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
        return Answer(response.status_code, headers, body)


def _traced(call: Call, span: Span) -> Call:
    """With the span's context as a header, where it is recorded. The path may hold an address, and stays out of the span."""
    if not span.is_recording():
        return call
    url = _url(call.url)
    span.set_attributes({"http.request.method": call.method, "server.address": url.host})
    return replace(call, headers={**call.headers, HEADER: tracing.traceparent_of_span(span)})


def _answered(span: Span, answer: Answer) -> None:
    span.set_attribute("http.response.status_code", answer.status)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        tracing.failed(span, str(answer.status))


def _through(proxy: str | None) -> httpx.Proxy | None:
    """The proxy with its credentials in a header, as aiohttp wants them."""
    if proxy is None:
        return None
    plain = httpx.Proxy(proxy)
    if plain.raw_auth is None:
        return plain
    return httpx.Proxy(
        plain.url, headers={"Proxy-Authorization": f"Basic {b64encode(b':'.join(plain.raw_auth)).decode()}"}
    )


_url = lru_cache(maxsize=256)(httpx.URL)
"""Parsed once: half of all calls go to the same few."""


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    encoded = "content-encoding" in response.headers
    async for part in response.aiter_bytes() if encoded else cast("httpx.AsyncByteStream", response.stream):
        body += part
        if len(body) > _LONGEST_BODY:
            raise httpx.ReadError("the response is too long")
    return bytes(body)


def lost(call: Call, why: str) -> Fault:
    """The fault for a missing response: a read can be repeated, a write may have been carried out."""
    if call.writes:
        return OutcomeUnknown(f"Outcome unknown: {call.service} did not respond to {call.operation} ({why}).")
    return Unavailable(f"{call.service} did not respond ({why}).")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts the certificates (PEM) of `ca_file`, else the system's. Raises `Stop` where the file cannot be read as such."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise Stop(f"The CA file `{ca_file}` can't be read as PEM certificates.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
