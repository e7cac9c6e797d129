import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from proof.chaos.proxy import Proxy
from sandbox.embedded.ports import HOST

_A_WHILE = 5.0
_NOT_NOW = 0.2


class Echo:
    """Answers each line with itself, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.changed = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.heard.append(line)
                self.changed.set()
                writer.write(line)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def has_heard(self, line: bytes) -> bool:
        async with asyncio.timeout(_A_WHILE):
            while line not in self.heard:
                self.changed.clear()
                await self.changed.wait()
        return True


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, line: bytes, *, patience: float = _A_WHILE) -> bytes:
        self.writer.write(line)
        return await asyncio.wait_for(self.reader.readline(), patience)

    async def is_reset(self) -> bool:
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(self.reader.readline(), _A_WHILE)
        return True


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, HOST, 0)
    echo.port = server.sockets[0].getsockname()[1]
    yield echo
    server.close()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    async with Proxy(echo.port) as proxy:
        yield proxy


@pytest.fixture
async def connect(proxy: Proxy) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection(HOST, proxy.port)))
        return clients[-1]

    yield connect
    for client in clients:
        client.writer.close()


async def test_passes_both_ways(connect: Connect, proxy: Proxy) -> None:
    client = await connect()
    assert await client.ask(b"one\n") == b"one\n"
    assert await client.ask(b"two\n") == b"two\n"
    assert proxy.counts["connections"] == 1


async def test_cut_resets_what_is_connected_and_lets_new_connections_pass(connect: Connect, proxy: Proxy) -> None:
    client = await connect()
    await client.ask(b"one\n")
    proxy.cut()
    assert await client.is_reset()
    assert await (await connect()).ask(b"two\n") == b"two\n"
    assert proxy.counts["cut"] == 1


async def test_refuses_until_it_is_healed(connect: Connect, proxy: Proxy) -> None:
    client = await connect()
    await client.ask(b"one\n")
    proxy.refuse()
    assert await client.is_reset()
    with pytest.raises(ConnectionRefusedError):
        await connect()
    await proxy.heal()
    assert await (await connect()).ask(b"two\n") == b"two\n"


async def test_delays_each_direction(connect: Connect, proxy: Proxy) -> None:
    client = await connect()
    loop = asyncio.get_running_loop()
    proxy.delay(0.1)
    asked_at = loop.time()
    assert await client.ask(b"one\n") == b"one\n"
    assert loop.time() - asked_at >= 0.2
    assert proxy.counts["delayed"] == 2


async def test_a_black_hole_accepts_and_delivers_nothing(connect: Connect, proxy: Proxy, echo: Echo) -> None:
    proxy.black_hole()
    client = await connect()
    with pytest.raises(TimeoutError):
        await client.ask(b"one\n", patience=_NOT_NOW)
    assert echo.heard == []


async def test_dropped_answers_leave_the_request_done(connect: Connect, proxy: Proxy, echo: Echo) -> None:
    client = await connect()
    proxy.drop_answers()
    with pytest.raises(TimeoutError):
        await client.ask(b"one\n", patience=_NOT_NOW)
    assert await echo.has_heard(b"one\n")
    assert proxy.counts["dropped"] == 1


async def test_a_connection_that_lost_bytes_is_reset_by_the_healing(connect: Connect, proxy: Proxy) -> None:
    client = await connect()
    untouched = await connect()
    await untouched.ask(b"zero\n")
    proxy.drop_answers()
    with pytest.raises(TimeoutError):
        await client.ask(b"one\n", patience=_NOT_NOW)
    await proxy.heal()
    assert await client.is_reset()
    assert await untouched.ask(b"two\n") == b"two\n"


async def test_loses_the_answer_to_requests_of_one_kind_only(connect: Connect, proxy: Proxy, echo: Echo) -> None:
    proxy.lose_answer(lambda chunk: b"COMMIT" in chunk)
    client = await connect()
    assert await client.ask(b"BEGIN\n") == b"BEGIN\n"
    client.writer.write(b"COMMIT\n")
    assert await client.is_reset()
    assert echo.heard == [b"BEGIN\n", b"COMMIT\n"]
    assert await (await connect()).ask(b"COMMIT\n") == b"COMMIT\n"
    assert proxy.counts["lost_answers"] == 1


async def test_delivers_a_request_after_its_client_was_reset(connect: Connect, proxy: Proxy, echo: Echo) -> None:
    proxy.deliver_late(lambda chunk: b"END" in chunk, seconds=0.1)
    client = await connect()
    client.writer.write(b"END\n")
    assert await client.is_reset()
    assert echo.heard == []
    assert await echo.has_heard(b"END\n")
    assert proxy.counts["late"] == 1


async def test_an_unreachable_server_is_seen_as_a_reset(connect: Connect, proxy: Proxy) -> None:
    proxy.target = 1
    client = await connect()
    assert await client.is_reset()
