"""The job that looks when the client certificates end that the configuration names. Keys of service accounts and client secrets do not show
an end; tokens of federated identities are renewed where they come from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509

from consumer.errors import Stop
from consumer.ledger.dsn import Dsn
from consumer.maintenance.loop import BackgroundJob
from consumer.maintenance.series import OTHER
from consumer.observe.metrics import Metrics
from consumer.providers.microsoft.credentials import certificate_of
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.tenants import Tenant

_EVERY = 600.0
MOST = 50
"""Tenants with a series of their own: those whose certificates end first."""

_NO_TENANT = ""
"""The service's own certificates."""


def certificates_job(
    settings: Settings, tenants: Callable[[], Sequence[Tenant]], open_secret: SecretOpener, metrics: Metrics
) -> BackgroundJob:
    """`tenants` are those that have one, as they are configured now. What cannot be read is shown by other metrics, and left out here."""

    def pages() -> Iterator[None]:
        ends = dict[str, float]()
        for tenant in tenants():
            if tenant.microsoft is not None:
                with suppress(Stop):
                    pem = certificate_of(tenant.microsoft, open_secret)["public_certificate"]
                    ends[tenant.id] = _end(pem.encode())
            yield
        metrics.certificate_ends.put({**_folded(ends), **_services(settings)})

    return BackgroundJob("certificates", _EVERY, pages, left=metrics.certificate_ends.clear)


def _folded(ends: Mapping[str, float]) -> Mapping[tuple[str, str], float]:
    """By tenant and use. Of the tenants without a series of their own, the certificate that ends first."""
    first = sorted(ends.items(), key=lambda one: (one[1], one[0]))
    others = [(OTHER, end) for _, end in first[MOST : MOST + 1]]
    return {(tenant, "microsoft"): end for tenant, end in (*first[:MOST], *others)}


def _services(settings: Settings) -> Mapping[tuple[str, str], float]:
    kafka = settings.kafka.librdkafka
    files = {
        "kafka": kafka.get("ssl.certificate.location"),
        "registry": settings.registry.client_certificate,
        "database": _of_database(settings),
    }
    ends = dict[tuple[str, str], float]()
    for use, file in files.items():
        if file:
            with suppress(OSError, ValueError):
                ends[_NO_TENANT, use] = _end(Path(file).read_bytes())
    if inline := kafka.get("ssl.certificate.pem"):
        with suppress(ValueError):
            ends[_NO_TENANT, "kafka"] = _end(inline.encode())
    return ends


def _of_database(settings: Settings) -> str | None:
    with suppress(ValueError):
        return Dsn.parse(settings.database.url).parameters.get("sslcert")
    return None


def _end(pem: bytes) -> float:
    """Of the first certificate, which is the client's own: those after it are of its issuers. Raises `ValueError`."""
    return x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc.timestamp()
