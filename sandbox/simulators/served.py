"""The vendors' server for callers without an event loop: it runs in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable

from sandbox.simulators.server import VendorServer


class ServedInThread:
    """`with ServedInThread(world.server) as server`: up when it begins, down when it ends. `make` is called in the thread."""

    def __init__(self, make: Callable[[], VendorServer]) -> None:
        self._make = make
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._down = asyncio.Event()
        self._failure: BaseException | None = None
        self._server: VendorServer | None = None
        self._thread = threading.Thread(target=self._run, name="vendors", daemon=True)

    def __enter__(self) -> VendorServer:
        self._thread.start()
        self._up.wait()
        if self._server is None:
            raise self._failure or RuntimeError("the vendors did not start")
        return self._server

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        try:
            async with self._make() as server:
                self._server = server
                self._up.set()
                await self._down.wait()
        except OSError as failure:
            self._failure = failure
            self._up.set()
