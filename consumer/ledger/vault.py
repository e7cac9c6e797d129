"""Seals initial passwords, so that neither the database nor a copy of it gives them away.

Envelope encryption with AES-256-GCM: each secret has a fresh data key, which a key-encryption key wraps. The key that wraps is the first
of the list; all of the list open. What a secret is sealed for (tenant, student, provider, generation) is bound to it: it opens for
nothing else.

    sealed = 0x01 · length of key id · key id · nonce(12) · wrapped data key(48) · nonce(12) · ciphertext

A sealed password is deleted when its mail is accepted or its lifetime is over. A deleted row is not gone from the disk at once: it stays
in its page until vacuum and reuse, in the write-ahead log until that is recycled, and in backups for as long as those are kept. None of
them holds a key-encryption key, which never enters the database: what is found there opens only for who has the key as well. After
`provisioner keys rotate`, and once the old key is destroyed wherever it was kept, older dumps, logs and backups cannot be opened.
"""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consumer.errors import Hold, Reason, Stop
from consumer.events import Provider
from consumer.secrets import SecretOpener
from consumer.settings import VaultKey

_FORMAT = 1
_KEY = 32
_NONCE = 12
_WRAPPED = _KEY + 16


@dataclass(frozen=True, slots=True)
class Context:
    """What a secret is for."""

    tenant_id: str
    student_id: str
    provider: Provider
    generation: int

    def encoded(self) -> bytes:
        """Every part with its length before it, so that no two contexts are the same bytes."""
        parts = (self.tenant_id, self.student_id, self.provider.value, str(self.generation))
        encoded = [part.encode() for part in parts]
        return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def open_vault(
    keys: Sequence[VaultKey], open_secret: SecretOpener, *, random_bytes: Callable[[int], bytes] = os.urandom
) -> "Vault":
    """The vault as it is configured. Raises `Stop` where a key can't be had, or is none."""
    try:
        opened = [(key.id, base64.b64decode(open_secret(key.key), validate=True)) for key in keys]
    except ValueError as error:
        raise Stop("A key under `vault` is not base64. `openssl rand -base64 32` makes one.") from error
    return Vault(opened, random_bytes=random_bytes)


class Vault:
    """Keys by their ids, the sealing one first; `sealing` is its id. `random_bytes` is a cryptographic source."""

    def __init__(self, keys: Sequence[tuple[str, bytes]], *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        if not keys:
            raise Stop("The vault has no key: give at least one under `vault`.")
        for ident, key in keys:
            if len(key) != _KEY:
                raise Stop(f"The vault's key `{ident}` has {len(key)} bytes; it must have {_KEY}.")
        self.sealing = keys[0][0]
        self._keys: Mapping[str, AESGCM] = {ident: AESGCM(key) for ident, key in keys}
        self._random = random_bytes

    def seal(self, secret: str, context: Context) -> bytes:
        """The secret, sealed for this context."""
        data_key, nonce = self._random(_KEY), self._random(_NONCE)
        ciphertext = AESGCM(data_key).encrypt(nonce, secret.encode(), context.encoded())
        return self._wrapped(data_key, context) + nonce + ciphertext

    def open(self, sealed: bytes, context: Context) -> str:
        """The secret. Raises `Hold` where the key is missing, the context another one or the bytes damaged."""
        data_key, rest = self._unwrapped(sealed, context)
        try:
            return AESGCM(data_key).decrypt(rest[:_NONCE], rest[_NONCE:], context.encoded()).decode()
        except (InvalidTag, ValueError) as error:
            raise _closed("is damaged, or was sealed for something else") from error

    def rewrap(self, sealed: bytes, context: Context) -> bytes:
        """The same secret under the newest key; its own ciphertext stays. Raises as `open`."""
        data_key, rest = self._unwrapped(sealed, context)
        return self._wrapped(data_key, context) + rest

    def _wrapped(self, data_key: bytes, context: Context) -> bytes:
        nonce, ident = self._random(_NONCE), self.sealing.encode()
        wrapped = self._keys[self.sealing].encrypt(nonce, data_key, context.encoded())
        return bytes([_FORMAT, len(ident)]) + ident + nonce + wrapped

    def _unwrapped(self, sealed: bytes, context: Context) -> tuple[bytes, bytes]:
        if len(sealed) < 2 or sealed[0] != _FORMAT:  # noqa: PLR2004  format and length, see above
            raise _closed("is not in a form that this version knows")
        end = 2 + sealed[1]
        ident = sealed[2:end].decode(errors="replace")
        if ident not in self._keys:
            raise _closed(f"needs the key `{ident}`, which is not under `vault`")
        nonce, wrapped = sealed[end : end + _NONCE], sealed[end + _NONCE : end + _NONCE + _WRAPPED]
        try:
            data_key = self._keys[ident].decrypt(nonce, wrapped, context.encoded())
        except (InvalidTag, ValueError) as error:
            why = f"does not open with the key `{ident}`: the key is another, or it was damaged or sealed for something else"
            raise _closed(why) from error
        return data_key, sealed[end + _NONCE + _WRAPPED :]


def _closed(why: str) -> Hold:
    return Hold(f"A sealed password {why}.", reason=Reason.CREDENTIAL_UNREADABLE)
