"""What a failure means, tried on real sockets: "nothing was sent" is kept apart from "the outcome is unknown"."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from consumer.errors import OutcomeUnknown, Unavailable
from consumer.http.client import HttpClient
from testbed.spans import recorded, traceparent_to
from tests.http.listening import answering, call, listening


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with HttpClient() as client:
        yield client


async def test_an_answer_comes_back_whatever_its_status(client: HttpClient) -> None:
    throttled = answering(b'HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\nContent-Length: 7\r\n\r\n{"a":1}')
    async with listening(throttled) as url:
        answered = await client.send(call(url), timeout=5)
    assert (answered.status, answered.headers["retry-after"], answered.json()) == (429, "3", {"a": 1})


async def received(client: HttpClient, *, status: bytes = b"200 OK") -> bytes:
    """What the server was sent."""
    got = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.set_result(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with listening(serve) as url:
        await client.send(call(f"{url}/users/maria.rossi@school.example"), timeout=5)
    return (await got).lower()


async def test_a_call_that_is_traced_has_a_span_and_hands_its_context_on(client: HttpClient) -> None:
    with recorded() as spans:
        sent = await received(client, status=b"404 Not Found")
    (span,) = spans.all()
    assert f"traceparent: {traceparent_to(span)}".encode() in sent
    about = dict(span.attributes or {})
    assert (about["http.response.status_code"], about["error.type"]) == (404, "404")
    assert "maria" not in span.to_json()


async def test_a_call_that_is_not_traced_has_no_header_for_it(client: HttpClient) -> None:
    assert b"traceparent" not in await received(client)


async def test_a_refused_connection_sent_nothing(client: HttpClient) -> None:
    with socket.socket() as no_one:
        no_one.bind(("127.0.0.1", 0))
        port = no_one.getsockname()[1]
    with pytest.raises(Unavailable):
        await client.send(call(f"http://127.0.0.1:{port}/"), timeout=5)


async def test_a_name_that_leads_nowhere_sent_nothing(client: HttpClient) -> None:
    with pytest.raises(Unavailable):
        await client.send(call("http://no-such-host.invalid/"), timeout=5)


async def test_a_server_without_tls_was_sent_nothing(client: HttpClient) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is not TLS\r\n")
        await writer.drain()

    async with listening(hang_up) as url:
        with pytest.raises(Unavailable):
            await client.send(call(url.replace("http:", "https:")), timeout=5)


async def test_a_server_that_never_finishes_its_tls_handshake_was_sent_nothing(client: HttpClient) -> None:
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with listening(say_nothing) as url:
        with pytest.raises(Unavailable):
            await client.send(call(url.replace("http:", "https:")), timeout=0.4)
        over.set()


async def test_a_call_may_wait_for_a_free_connection_longer_than_for_a_new_one() -> None:
    connect, over = 0.05, asyncio.Event()

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"{}")
            await over.wait()
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")

    async with HttpClient(connections=1, connect=connect) as client, listening(answer_late) as url:
        calls = asyncio.gather(*(client.send(call(url), timeout=60) for _ in range(2)))
        asyncio.get_running_loop().call_later(4 * connect, over.set)
        assert [answered.status for answered in await calls] == [201, 201]


async def test_without_time_nothing_is_sent(client: HttpClient) -> None:
    connections: list[asyncio.StreamWriter] = []

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    async with listening(count) as url:
        with pytest.raises(Unavailable):
            await client.send(call(url), timeout=0)
    assert connections == []


async def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    moved = answering(b"HTTP/1.1 307 Moved\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n")
    async with listening(moved) as url:
        answered = await client.send(call(url), timeout=5)
    assert answered.status == 307


async def test_an_answer_that_never_ends_is_given_up(client: HttpClient) -> None:
    endless = answering(b"HTTP/1.1 201 Created\r\nContent-Length: 9000000\r\n\r\n" + b" " * 9_000_000)
    async with listening(endless) as url:
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=5)


async def test_a_kept_connection_that_is_cut_under_the_next_request_is_unknown(client: HttpClient) -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
        await reader.readuntil(b"{}")
        writer.transport.abort()

    async with listening(answer_once) as url:
        await client.send(call(url), timeout=5)
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=5)


async def test_silence_after_the_request_is_unknown(client: HttpClient) -> None:
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with listening(say_nothing) as url:
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=0.2)
        over.set()


async def test_a_connection_cut_after_the_request_is_unknown(client: HttpClient) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.transport.abort()

    async with listening(cut) as url:
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=5)


async def test_a_torn_answer_is_unknown(client: HttpClient) -> None:
    async with listening(answering(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"id":')) as url:
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=5)


async def test_garbage_instead_of_http_is_unknown(client: HttpClient) -> None:
    async with listening(answering(b"\x00\x01\x02 not http\r\n\r\n")) as url:
        with pytest.raises(OutcomeUnknown):
            await client.send(call(url), timeout=5)


async def test_a_read_that_got_no_answer_has_changed_nothing(client: HttpClient) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.transport.abort()

    async with listening(cut) as url:
        with pytest.raises(Unavailable):
            await client.send(call(url, writes=False), timeout=5)


@pytest.mark.parametrize("writes", [True, False])
async def test_every_call_is_observed_with_what_came_of_it(*, writes: bool) -> None:
    seen: list[tuple[str, str, str]] = []

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.transport.abort()

    async with HttpClient(
        observe=lambda service, operation, outcome, _: seen.append((service, operation, outcome))
    ) as client:
        async with listening(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as url:
            await client.send(call(url, writes=writes), timeout=5)
        async with listening(cut) as url:
            with pytest.raises((OutcomeUnknown, Unavailable)):
                await client.send(call(url, writes=writes), timeout=5)
        with pytest.raises(Unavailable):
            await client.send(call("http://no-such-host.invalid/", writes=writes), timeout=5)
    assert seen == [("graph", "create", "4xx"), ("graph", "create", "unknown"), ("graph", "create", "not_sent")]
