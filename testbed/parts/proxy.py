"""An HTTP proxy that opens tunnels (CONNECT, RFC 9110 9.3.6), and remembers where to."""

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import Callable
from typing import Self

_PIECE = 64 * 1024


class ConnectProxy:
    """Listens on a free port of the loopback, from `async with` to its end. It asks for `credentials` (`name:password`) if there are any.

    `status` other than 200 refuses every tunnel so; None hangs up instead of an answer. `leads` says where a tunnel to a host and port
    leads: the proxy's own name resolution.
    """

    def __init__(
        self,
        *,
        credentials: str | None = None,
        status: int | None = 200,
        leads: Callable[[str, int], tuple[str, int]] = lambda host, port: (host, port),
    ) -> None:
        self.targets: list[str] = []
        self.status = status
        self._expected = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else None
        self._credentials = f"{credentials}@" if credentials else ""
        self._leads = leads
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """With the credentials, as `HTTPS_PROXY` has it."""
        return f"http://{self._credentials}127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.targets.append(target)
        status = self.status
        if self._expected and headers.get("proxy-authorization") != self._expected:
            status = 407
        if status is None:
            return
        if method != "CONNECT":
            status = 405
        writer.write(f"HTTP/1.1 {status} As configured\r\n\r\n".encode())
        await writer.drain()
        if status == 200:
            host, _, port = target.rpartition(":")
            far = await asyncio.open_connection(*self._leads(host.strip("[]"), int(port)))
            await _tunnel((reader, writer), far)


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _tunnel(near: _Stream, far: _Stream) -> None:
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(near[0], far[1]))
            both.create_task(_pump(far[0], near[1]))
    except* OSError:
        pass
    finally:
        far[1].transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE):
        sink.write(piece)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
