"""A collector that takes spans by OTLP over HTTP, on 127.0.0.1, and keeps them."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Received:
    """A span. `trace_id` in hexadecimal digits; `instance` is the process that recorded it; `text` is what it says."""

    trace_id: str
    name: str
    instance: str
    text: str


class Collector:
    """Serves from `with` on."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._headers: list[Mapping[str, str]] = []
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                take(self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers))
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base names it
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it takes spans."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1/traces"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> Sequence[Received]:
        """All so far."""
        return list(self._received)

    def headers(self) -> Sequence[Mapping[str, str]]:
        """Of each request so far."""
        return list(self._headers)

    def _take(self, body: bytes, headers: Mapping[str, str]) -> None:
        self._headers.append(headers)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {one.key: one.value.string_value for one in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                text = f"{span.name} {span.attributes} {span.events} {span.status}"
                received = Received(span.trace_id.hex(), span.name, about["service.instance.id"], text)
                self._received.append(received)
