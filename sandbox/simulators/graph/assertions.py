"""What an application may show to Entra instead of a secret: an assertion signed with its certificate, or a token of a trusted issuer.

As Microsoft describes it in "Microsoft identity platform application authentication certificate credentials" (the claims), "Workload
identity federation" (issuer, subject and audience must all match, letter by letter) and "Microsoft Entra authentication and authorization
error codes" (the numbers).
"""

import base64
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate

from sandbox.simulators.jwt import Jwt, parsed

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"

_LEEWAY = 300.0


class Refused(Exception):
    """Entra's number and words, and the OAuth error."""

    def __init__(self, number: int, text: str, error: str = "invalid_client") -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.error = error


@dataclass(frozen=True, slots=True)
class Trust:
    """A federated identity credential: tokens of this issuer about this subject stand for the application."""

    issuer: str
    subject: str
    key: RSAPublicKey
    audience: str = EXCHANGE_AUDIENCE


class _Known(NamedTuple):
    certificates: list[Certificate]
    trusts: list[Trust]


class ClientAssertions:
    """By application, as (directory, client id). Unix seconds."""

    def __init__(self) -> None:
        self._known: defaultdict[tuple[str, str], _Known] = defaultdict(lambda: _Known([], []))

    def certify(self, application: tuple[str, str], certificate: Certificate) -> None:
        """Uploads a certificate."""
        self._known[application].certificates.append(certificate)

    def trust(self, application: tuple[str, str], trust: Trust) -> None:
        """Adds a federated identity credential."""
        self._known[application].trusts.append(trust)

    def knows(self, application: tuple[str, str]) -> bool:
        """Whether anything was uploaded or added for it."""
        return application in self._known

    def check(self, application: tuple[str, str], assertion: str, *, audiences: Collection[str], now: float) -> None:
        """Raises `Refused` unless the assertion stands for the application. `audiences` are the token endpoint's own names."""
        try:
            token = parsed(assertion)
            expires, begins = token.seconds("exp"), token.seconds("nbf" if "nbf" in token.claims else "exp")
        except ValueError:
            raise Refused(50027, "JWT token is invalid or malformed.", "invalid_request") from None
        known = self._known[application] if application in self._known else _Known([], [])
        if token.text("iss") == application[1]:
            _check_own(token, application[1], known.certificates, audiences)
        else:
            _check_foreign(token, known.trusts)
        if now > expires + _LEEWAY or ("nbf" in token.claims and now < begins - _LEEWAY):
            raise Refused(700024, "Client assertion is not within its valid time range.")


def _check_own(token: Jwt, client_id: str, certificates: Collection[Certificate], audiences: Collection[str]) -> None:
    # With or without base64's padding: Microsoft's own clients differ.
    shown = {str(token.header.get(name)).rstrip("=") for name in ("x5t", "x5t#S256")}
    for certificate in certificates:
        if not shown & {_thumbprint(certificate, SHA1()), _thumbprint(certificate, SHA256())}:  # noqa: S303  Entra's own names for it
            continue
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or not token.is_signed_by(key):
            raise Refused(700027, "Client assertion contains an invalid signature.")
        break
    else:
        raise Refused(700027, "Client assertion contains an invalid signature. [Reason - The key was not found.]")
    if token.text("sub") != client_id:
        raise Refused(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    if token.text("aud") not in audiences:
        raise Refused(700023, "Client assertion audience claim does not match Realm issuer.")


def _check_foreign(token: Jwt, trusts: Collection[Trust]) -> None:
    record = "No matching federated identity record found for presented assertion"
    of_issuer = [one for one in trusts if one.issuer == token.text("iss")]
    if not of_issuer:
        raise Refused(700211, f"{record} issuer '{token.text('iss')}'.")
    about_subject = [one for one in of_issuer if one.subject == token.text("sub")]
    if not about_subject:
        raise Refused(700213, f"{record} subject '{token.text('sub')}'.")
    matching = [one for one in about_subject if one.audience in token.audiences]
    if not matching:
        raise Refused(700212, f"{record} audience.")
    if not any(token.is_signed_by(one.key) for one in matching):
        raise Refused(700027, "Client assertion contains an invalid signature. [Reason - The key was not found.]")


def _thumbprint(certificate: Certificate, algorithm: HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")
