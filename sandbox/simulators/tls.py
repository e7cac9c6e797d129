"""A certificate authority of the simulated world, made anew at every start: the vendors' own clients insist on https."""

import ssl
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS = timedelta(days=7)
_LOOPBACK = ("127.0.0.1", "localhost")


class Authority:
    """Writes `ca.pem` into `directory`; clients trust that file and nothing else."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provisioner simulators")])
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_USAGE_OF_AUTHORITY, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, label: str, names: Collection[str] = (), *, client: bool = False, password: str | None = None
    ) -> tuple[Path, Path]:
        """A certificate and its key, in `<label>.pem` and `<label>.key`: of a server on the loopback and at `names`, or of a client.

        With `password`, the key is closed with it.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)]), key)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in (*_LOOPBACK, *names)]), critical=False
            )
            .add_extension(
                x509.ExtendedKeyUsage([usage]),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        chain, private = self._directory / f"{label}.pem", self._directory / f"{label}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        closed = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed))
        return chain, private

    def server_context(self, names: Collection[str] = (), *, clients_only: bool = False) -> ssl.SSLContext:
        """What a server of the simulated world shows its clients. `clients_only`: they must show a certificate of this authority too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("vendors", names))
        if clients_only:
            context.load_verify_locations(self.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        authority = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + _DAYS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        )


_USAGE_OF_AUTHORITY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
