"""JSON Web Tokens (RFC 7519) as the vendors' token endpoints read and check them. Only RSA: the vendors take nothing else from us."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_PADDING = {"RS256": PKCS1v15(), "PS256": PSS(mgf=MGF1(SHA256()), salt_length=PSS.DIGEST_LENGTH)}


@dataclass(frozen=True, slots=True)
class Jwt:
    """A token that was read, and not checked yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def algorithm(self) -> str:
        """`alg` of the header."""
        return str(self.header.get("alg"))

    def text(self, claim: str) -> str:
        """A claim as text; empty where there is none."""
        return str(self.claims.get(claim, ""))

    @property
    def audiences(self) -> Collection[str]:
        """`aud`, which is one or a list of them."""
        claimed: Any = self.claims.get("aud")
        return cast("list[str]", claimed) if isinstance(claimed, list) else (str(claimed),)

    def seconds(self, claim: str) -> float:
        """A claim as a time, in Unix seconds. Raises ValueError where it is none."""
        value: Any = self.claims.get(claim)
        if type(value) not in {int, float}:
            raise ValueError(f"`{claim}` is no number")
        return float(value)

    def is_signed_by(self, key: RSAPublicKey) -> bool:
        """Whether the signature is the key's."""
        padding = _PADDING.get(self.algorithm)
        if padding is None:
            return False
        try:
            key.verify(self.signature, self.signed, padding, SHA256())
        except InvalidSignature:
            return False
        return True


def parsed(text: str) -> Jwt:
    """Raises ValueError where the text is no token."""
    try:
        head, payload, signature = text.split(".")
        return Jwt(_object(head), _object(payload), f"{head}.{payload}".encode("ascii"), _decoded(signature))
    except (ValueError, binascii.Error):
        raise ValueError("no JSON Web Token") from None


def issued(claims: Mapping[str, Any], key: RSAPrivateKey, *, key_id: str | None = None) -> str:
    """A token with these claims, signed by the key (RS256)."""
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _object(part: str) -> Mapping[str, Any]:
    found: object = json.loads(_decoded(part))
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  of its content, not of its type
    return cast("dict[str, Any]", found)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")
