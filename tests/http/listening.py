"""A server of the test's, down to the bytes."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from consumer.http.client import Call

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def call(url: str, *, writes: bool = True) -> Call:
    """A creation, with a body of two bytes."""
    return Call("graph", "create", "POST", url, content=b"{}", writes=writes)


@asynccontextmanager
async def listening(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[str]:
    """The URL of a server on a free port that treats each connection so, and closes it then."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    async with server:
        scheme = "https" if tls else "http"
        yield f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}/users"


def answering(text: bytes) -> Behaviour:
    """Reads the request, and answers these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(text)
        await writer.drain()

    return answer
