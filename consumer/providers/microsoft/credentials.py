"""How an application proves to Entra who it is, in the forms that Microsoft's own client takes.

Secrets are opened for each token: a replaced one takes effect without a restart.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from consumer.errors import Stop
from consumer.tenants import MicrosoftSection

Credential = str | Mapping[str, str | Callable[[], str]]
"""As msal takes it: a secret, a certificate, or a client assertion."""

_BLOCK = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----.*?-----END (?P=label)-----", re.DOTALL)


def credential_of(section: MicrosoftSection, open_secret: Callable[[str], str]) -> Credential:
    """The section's credential, as it is now. Raises `Stop` where it cannot be opened, or is not of the form that Entra takes."""
    if section.client_secret:
        return open_secret(section.client_secret)
    if section.certificate:
        return certificate_of(section, open_secret)
    if section.federated_token_file:
        return {"client_assertion": _token_in(section.federated_token_file)}
    raise Stop("A managed identity has no credential of its own.")


def certificate_of(section: MicrosoftSection, open_secret: Callable[[str], str]) -> Mapping[str, str]:
    """The section's certificate (`public_certificate`, PEM) and its key. Raises `Stop` where it has none, or they cannot be used."""
    if not section.certificate:
        raise Stop("There is no `microsoft.certificate`.")
    password = open_secret(section.certificate_password) if section.certificate_password else None
    return _certificate(open_secret(section.certificate), password)


def _token_in(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"The token file `{path}` (`microsoft.federated_token_file`) cannot be read.") from error
    if token.count(".") != 2:  # noqa: PLR2004  a JWT's three parts
        raise Stop(f"The token file `{path}` (`microsoft.federated_token_file`) holds no JSON Web Token.")
    return token


def _certificate(pem: str, password: str | None) -> Mapping[str, str]:
    """The first private key of the file, and the certificate that belongs to it. Entra takes RSA keys only."""
    keys, certificates = _blocks(pem, "PRIVATE KEY"), _blocks(pem, "CERTIFICATE")
    if not keys or not certificates:
        raise Stop("`microsoft.certificate` does not lead to a certificate and its private key, both in PEM.")
    try:
        key = load_pem_private_key(keys[0].encode(), password.encode() if password else None)
        found = [x509.load_pem_x509_certificate(one.encode()) for one in certificates]
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
    ) as error:  # TypeError: a password that is missing, or one too many
        raise Stop(
            "The key or the certificate of `microsoft.certificate` cannot be read, or its password is wrong."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise Stop("The key of `microsoft.certificate` is not an RSA key: Entra takes no other.")
    for text, certificate in zip(certificates, found, strict=True):
        if certificate.public_key() == key.public_key():
            return {
                "private_key": keys[0],
                "public_certificate": text,
                **({"passphrase": password} if password else {}),
            }
    raise Stop("No certificate of `microsoft.certificate` belongs to its private key.")


def _blocks(pem: str, label: str) -> list[str]:
    return [block.group() for block in _BLOCK.finditer(pem) if block["label"].endswith(label)]
