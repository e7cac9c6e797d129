"""Sends spans to a collector, by OTLP over HTTP, while a command runs.

OpenTelemetry's SDK is an extra: it is imported here alone, and only where it is wanted.
"""

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager

import requests

from consumer import __version__
from consumer.errors import Stop
from consumer.observe import tracing
from consumer.secrets import SecretOpener
from consumer.settings import TracingSettings

_DELAY = 1_000
"""Milliseconds until spans are sent: what a process that dies has not sent is lost."""
_TIMEOUT = 10
"""Seconds."""


@contextmanager
def traced(settings: TracingSettings | None, open_secret: SecretOpener) -> Generator[None]:
    """Records spans meanwhile, and sends the rest of them at the end. Without settings, nothing is recorded.

    Raises `Stop` where the extra is not installed, or a header's secret cannot be opened.
    """
    if settings is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415
    except ImportError as error:
        raise Stop("`tracing` needs OpenTelemetry's SDK: `pip install 'provisioner[tracing]'`.") from error
    headers = {name: open_secret(reference) for name, reference in settings.headers.items()}
    session = requests.Session()
    session.trust_env = False
    session.verify = str(settings.ca_file) if settings.ca_file else True
    exporter = OTLPSpanExporter(endpoint=settings.endpoint, headers=headers, session=session, timeout=_TIMEOUT)
    instance = f"{socket.gethostname()}/{os.getpid()}"  # as the ledger names a replica
    resource = Resource.create(
        {"service.name": "provisioner", "service.version": __version__, "service.instance.id": instance}
    )
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.share), resource=resource, shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY))
    tracing.start(provider)
    try:
        yield
    finally:
        tracing.stop()
        provider.shutdown()
