"""A small world of institutions over TLS: the vendors and a registry on this machine, keys and secrets in files.

lay_out(specs) ─▶ World ─▶ server() ─▶ tenants(server), secrets
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from consumer.events import Provider
from consumer.settings import SecretRef
from consumer.tenants import Tenant
from sandbox.simulators import registry
from sandbox.simulators.configured import configured
from sandbox.simulators.request_handler import Vendor
from sandbox.simulators.server import VendorServer
from sandbox.simulators.tls import Authority
from sandbox.simulators.vendors import Institution, Quirks, Vendors

REGISTRY = "registry"


class Reachable(Protocol):
    """Where clients reach the vendors: their server itself, or something on the way to it."""

    def url(self, vendor: str, *, host: str | None = None) -> str:
        """The vendor's root."""
        ...


class World:
    """The vendors' state. Secrets are written to files below `directory`, which the tenants' configuration refers to."""

    def __init__(
        self,
        institutions: Sequence[Institution],
        directory: Path,
        *,
        clock: Callable[[], float],
        seed: int,
        quirks: Quirks | None = None,
    ) -> None:
        self.institutions = institutions
        self.directory = directory
        self.authority = Authority(directory)
        self._vendors = Vendors(institutions, clock=clock, seed=seed, secret=self._new_secret, quirks=quirks)
        self.graph, self.google, self.mail = self._vendors.graph, self._vendors.google, self._vendors.mail
        self.schemas = registry.SchemaStore()
        self._clock = clock
        self._seed = seed
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        for institution in institutions:
            if Provider.GOOGLE in institution.providers:
                self.google.tokens.register(institution.service_account, self._key.public_key())
                self._write_secret(institution, "google", json.dumps(self._service_account(institution)))

    def server(
        self, *, host: str = "127.0.0.1", names: Sequence[str] = (), ports: Mapping[str, int] | None = None
    ) -> VendorServer:
        """Serves all vendors; `names` are those that the network knows this machine by."""
        vendors = [*self._vendors.served().values(), Vendor(REGISTRY, registry.handlers(self.schemas))]
        context = self.authority.server_context(names)
        return VendorServer(vendors, context=context, clock=self._clock, seed=self._seed, host=host, ports=ports)

    def tenants(self, server: Reachable, *, host: str | None = None) -> Sequence[Tenant]:
        """The institutions' configuration; `host` is the name by which the service reaches the vendors."""
        where = _OnThisMachine(self.authority.ca_file, server, host, self.directory)
        return [configured(institution, where) for institution in self.institutions]

    def write_tenants(self, tenants: Sequence[Tenant]) -> Path:
        """Writes the configuration as files, for services in other processes; returns their folder.

        Without what is as by default: a release that does not know it yet can read them.
        """
        folder = self.directory / "tenants"
        folder.mkdir(exist_ok=True)
        for tenant in tenants:
            text = yaml.safe_dump(
                tenant.model_dump(mode="json", exclude_defaults=True), allow_unicode=True, sort_keys=False
            )
            (folder / f"{tenant.id}.yaml").write_text(text, encoding="utf-8")
        return folder

    def _service_account(self, institution: Institution) -> Mapping[str, str]:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "client_email": institution.service_account,
            "private_key": pem.decode(),
            "token_uri": "https://oauth2.googleapis.com/token",
        }

    def _new_secret(self, institution: Institution, kind: str) -> str:
        return self._write_secret(institution, kind, secrets.token_hex(16))

    def _write_secret(self, institution: Institution, kind: str, value: str) -> str:
        path = _secret_file(self.directory, institution, kind)
        path.parent.mkdir(exist_ok=True)
        path.write_text(value, encoding="utf-8")
        return value


@dataclass(frozen=True, slots=True)
class _OnThisMachine:
    """Implements `Endpoints`."""

    ca_file: Path | None
    server: Reachable
    host: str | None
    directory: Path

    def url(self, vendor: str) -> str:
        return self.server.url(vendor, host=self.host)

    def secret(self, institution: Institution, kind: str) -> SecretRef:
        return SecretRef(f"file:{_secret_file(self.directory, institution, kind)}")


def _secret_file(directory: Path, institution: Institution, kind: str) -> Path:
    return directory / "secrets" / f"{institution.id}.{kind}"
