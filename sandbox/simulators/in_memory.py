"""A call as aiohttp would hand it to a vendor's handlers, and their answer as aiohttp would send it; without a socket."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from consumer.http.answer import Answer
from consumer.http.client import Call
from sandbox.simulators.request_handler import Handler

_THE_REST = ":.+}"


class Request(web.Request):
    """What a handler sees. `waits` tells whether its sender still wants the answer."""

    def __init__(self, call: Call, url: URL, path: Mapping[str, str], *, waits: Callable[[], bool]) -> None:
        headers = CIMultiDict(call.headers, Host=url.host or "")
        message = RawRequestMessage(
            call.method,
            url.raw_path_qs,
            HttpVersion11,
            CIMultiDictProxy(headers),
            (),
            False,  # noqa: FBT003  should_close
            None,
            False,  # noqa: FBT003  upgrade
            False,  # noqa: FBT003  chunked
            url.relative(),
        )
        super().__init__(
            message,
            cast("StreamReader", _Body(call.content or b"")),
            cast("Any", _Connection),
            cast("Any", None),  # writes nothing: the answer is taken as it is
            cast("Any", None),
            asyncio.get_running_loop(),
            scheme="https",
        )
        self._path = path
        self.waits = waits

    @property
    def match_info(self) -> Any:  # noqa: ANN401  # pyright: ignore[reportIncompatibleVariableOverride]  aiohttp's own is bound to a router
        """The variable parts of the path, by name."""
        return self._path


class _Connection:
    """As far as a request looks at it: there is none."""

    transport = ssl_context = peername = sockname = None
    max_field_size = max_headers = 8_192


class _Body:
    """The payload, all of it there at once; as far as aiohttp reads it."""

    def __init__(self, content: bytes) -> None:
        self._left = content
        self.total_bytes = len(content)

    def set_read_chunk_size(self, size: int) -> None:
        pass

    async def readany(self) -> bytes:
        return self._taken(len(self._left))

    async def read(self, size: int) -> bytes:
        return self._taken(size)

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        del max_line_length
        return self._taken(self._left.find(b"\n") + 1 or len(self._left))

    def unread_data(self, data: bytes) -> None:
        self._left = data + self._left

    def at_eof(self) -> bool:
        return not self._left

    def _taken(self, size: int) -> bytes:
        read, self._left = self._left[:size], self._left[size:]
        return read


class Routes:
    """A vendor's routes by method and path, as aiohttp's router has them; given as (name, method, path).

    The last part of a path may be one that takes whatever is left, slashes too: `{name:.+}`.
    """

    def __init__(self, routes: Mapping[tuple[str, str, str], Handler]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[Sequence[str], str, Handler]]] = {}
        self._open: list[tuple[str, Sequence[str], str, Handler]] = []
        for (name, method, path), handler in routes.items():
            parts = path.split("/")
            self._routes.setdefault((method, len(parts)), []).append((parts, name, handler))
            if parts[-1].endswith(_THE_REST):
                self._open.append((method, parts, name, handler))

    def find(self, method: str, path: str) -> tuple[str, Handler, Mapping[str, str]]:
        """Name, handler and the variable parts, of the first that fits. Raises LookupError."""
        given = path.split("/")
        for parts, name, handler in self._routes.get((method, len(given)), ()):
            if (variables := _variables(parts, given)) is not None:
                return name, handler, variables
        for of, parts, name, handler in self._open:
            if of == method and len(given) > len(parts):
                last = len(parts) - 1
                variables = _variables(parts, [*given[:last], "/".join(given[last:])])
                if variables is not None:
                    return name, handler, variables
        raise LookupError(f"the vendor has no route for {method} {path}")


def _variables(parts: Sequence[str], given: Sequence[str]) -> Mapping[str, str] | None:
    """The variable parts; None where the path does not fit."""
    pairs = list(zip(parts, given, strict=True))
    if not all(part == one or part[:1] == "{" for part, one in pairs):
        return None
    return {part[1:-1].partition(":")[0]: unquote(one) for part, one in pairs if part[:1] == "{"}


def answer_of(response: web.StreamResponse) -> Answer:
    """What the client gets."""
    body = response.body if isinstance(response, web.Response) else b""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, cast("bytes", body or b""))
