"""Our own Message-Id: the same for every attempt at one mail, and the only key by which its outcome can be looked up."""

from base64 import b32encode
from hashlib import sha256

from consumer.events import Provider, student_key

_BYTES = 20


def message_id(mail: str, tenant_id: str, student_id: str, provider: Provider, which: str, *, domain: str) -> str:
    """An RFC 5322 Message-Id without its angle brackets, for a kind of mail, and `which` of those about this account.

    It reveals nothing about the student: 160 bits of a hash. Mailgun keeps it where it has brackets and an `@`
    (mailgun.js issue 394), but does not drop repeats.
    """
    digest = sha256(b"\x1f".join((student_key(tenant_id, student_id), provider.encode(), which.encode())))
    return f"{mail}.{b32encode(digest.digest()[:_BYTES]).decode().lower()}@{domain}"
