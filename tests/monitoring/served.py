"""Replicas of which only the metrics are there, on the loopback."""

import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from tests.monitoring.exposition import Replica

_HOST = "127.0.0.1"


@contextmanager
def served(replicas: int, *, period: float) -> Generator[Sequence[str]]:
    """Their addresses. Each scrape sees the seconds that have passed since the start."""
    with ExitStack() as servers:
        yield [servers.enter_context(_served(Replica(number, period=period))) for number in range(replicas)]


@contextmanager
def _served(replica: Replica) -> Generator[str]:
    start, alone = time.monotonic(), Lock()

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with alone:
                body = replica.text(time.monotonic() - start)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # a machine under load: Prometheus no longer waits
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base has it
            """Scrapes are no news."""

    with ThreadingHTTPServer((_HOST, 0), Metrics) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"{_HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
