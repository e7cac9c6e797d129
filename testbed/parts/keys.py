"""RSA keys and certificates as an application has them, and tokens as an issuer signs them."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.simulators.jwt import issued


@cache
def key(number: int = 1) -> rsa.RSAPrivateKey:
    """One key for each number: they take long to make."""
    del number
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def certificate(of: rsa.RSAPrivateKey, *, days: int = 1) -> x509.Certificate:
    """Self-signed, as applications' are; it ends in so many days."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provisioner")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(of, hashes.SHA256())
    )


def pem(of: x509.Certificate | Any, *, password: str | None = None) -> str:
    """A certificate or a private key as text."""
    if isinstance(of, x509.Certificate):
        return of.public_bytes(serialization.Encoding.PEM).decode()
    closed = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed).decode()


def token(claims: Mapping[str, Any], of: rsa.RSAPrivateKey, *, now: float | None = None) -> str:
    """A token that is good for an hour from `now` (Unix seconds), unless the claims say otherwise."""
    now = time.time() if now is None else now
    return issued({"iat": int(now), "nbf": int(now), "exp": int(now) + 3_600, **claims}, of)
