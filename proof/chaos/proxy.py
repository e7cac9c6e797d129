"""A proxy for TCP that misbehaves on request, between a client and a server of the loopback.

            requests ─▶ ┌───────┐ ─▶
    client              │ proxy │      server          passing, delayed, dropped: each direction by itself
            ◀─ answers  └───────┘ ◀─

What was dropped is gone, so a connection that lost bytes is reset as soon as its direction passes again: no half message is read.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from sandbox.embedded.ports import HOST, free_ports

_CHUNK = 256 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Sees = Callable[[bytes], bool]
"""Whether a chunk of requests, as one `send` of the client brought it, is meant."""


@dataclass(slots=True)
class Direction:
    """What happens to bytes of one direction from now on: they are `delay` seconds late, or thrown away."""

    delay: float = 0.0
    drops: bool = False


@dataclass(slots=True)
class _Trap:
    """A mishap for the next `left` chunks of requests that `sees` recognises. `late`: they arrive so many seconds after the reset."""

    sees: Sees
    left: int
    late: float | None = None


@dataclass(slots=True, eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    lost: bool = False  # bytes of it were dropped
    trapped: bool = False  # it ends where its next answer would come
    kept: bool = False  # its server still waits for what is late
    pumps: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])


class Proxy:
    """Listens on a free port of its own from `async with` to its end, and connects to `target`. For one event loop.

    `counts` says what was done: connections, refused (reset by `refuse`), cut, dropped (chunks), delayed (chunks), lost_answers, late.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_ports(1)[0]
        self.requests = Direction()
        self.answers = Direction()
        self.counts: Counter[str] = Counter()
        self._trap: _Trap | None = None
        self._connections: set[_Connection] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._deafen()
        self._reset_all()
        tasks = [*self._late, *(pump for connection in self._connections for pump in connection.pumps)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def heal(self) -> None:
        """Everything passes again."""
        self._trap = None
        self.requests, self.answers = Direction(), Direction()
        for connection in [each for each in self._connections if each.lost]:
            self._reset(connection)
        if self._server is None:
            await self._listen()

    def cut(self) -> None:
        """Resets all connections, once. New ones pass."""
        self.counts["cut"] += len(self._connections)
        self._reset_all()

    def refuse(self) -> None:
        """Stops listening, and resets open connections."""
        self.counts["refused"] += len(self._connections)
        self._deafen()
        self._reset_all()

    def delay(self, seconds: float) -> None:
        """Each chunk arrives so much later, in either direction."""
        self.requests.delay = self.answers.delay = seconds

    def black_hole(self) -> None:
        """Connections are accepted, and nothing is delivered in either direction."""
        self.requests.drops = self.answers.drops = True

    def drop_answers(self) -> None:
        """Requests are delivered, answers are not: the server acts, and the client does not hear of it."""
        self.answers.drops = True

    def lose_answer(self, sees: Sees, *, times: int = 1) -> None:
        """The next requests of this kind are delivered, and their connection is reset in place of the answer."""
        self._trap = _Trap(sees, times)

    def deliver_late(self, sees: Sees, *, seconds: float, times: int = 1) -> None:
        """The client of the next requests of this kind is reset, and the server gets them `seconds` after that."""
        self._trap = _Trap(sees, times, seconds)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port, limit=_CHUNK)

    def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(HOST, self.target, limit=_CHUNK)
        except OSError:
            _abort(writer)
            return
        self.counts["connections"] += 1
        connection = _Connection(writer, to_server)
        self._connections.add(connection)
        pumps = self._requests(connection, reader), self._answers(connection, from_server)
        connection.pumps = {asyncio.create_task(pump) for pump in pumps}
        try:
            # An end of one direction is the connection's: no client of ours closes by halves.
            await asyncio.wait(connection.pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in connection.pumps:
                pump.cancel()
            self._connections.discard(connection)
            writer.close()
            if not connection.kept:
                to_server.close()

    async def _requests(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        while chunk := await _read(reader):
            trap = self._sprung(chunk)
            if trap is not None and trap.late is not None:
                self._deliver_late(connection, chunk, trap.late)
                return
            if trap is not None:
                self.counts["lost_answers"] += 1
                connection.trapped = True
            if not await self._pass(self.requests, connection, chunk, connection.server):
                return

    async def _answers(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        while chunk := await _read(reader):
            if connection.trapped:
                self._reset(connection)
                return
            if not await self._pass(self.answers, connection, chunk, connection.client):
                return

    async def _pass(self, way: Direction, connection: _Connection, chunk: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection still stands."""
        if way.delay:
            self.counts["delayed"] += 1
            await asyncio.sleep(way.delay)
        if way.drops:
            self.counts["dropped"] += 1
            connection.lost = True
            return True
        try:
            writer.write(chunk)
            await writer.drain()
        except OSError:
            return False
        return True

    def _sprung(self, chunk: bytes) -> _Trap | None:
        trap = self._trap
        if trap is None or trap.left == 0 or not trap.sees(chunk):
            return None
        trap.left -= 1
        return trap

    def _deliver_late(self, connection: _Connection, chunk: bytes, seconds: float) -> None:
        async def later() -> None:
            try:
                await asyncio.sleep(seconds)
                connection.server.write(chunk)
                await connection.server.drain()
            finally:
                connection.server.close()

        self.counts["late"] += 1
        connection.kept = True
        _abort(connection.client)
        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _reset_all(self) -> None:
        for connection in list(self._connections):
            self._reset(connection)

    def _reset(self, connection: _Connection) -> None:
        _abort(connection.client)
        _abort(connection.server)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_CHUNK)
    except OSError:
        return b""


def _abort(writer: asyncio.StreamWriter) -> None:
    """An end that the other side meets as a reset."""
    raw: socket.socket | None = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
