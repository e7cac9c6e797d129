"""The marker: what stands on an account to prove that it is ours, and whose."""

import re
from base64 import b32encode
from hashlib import sha256

from consumer.events import Provider, student_key

GRAPH_LENGTH = 16
"""Characters that Graph's `employeeId` holds (MSDOCS user-update's table)."""

_PLAIN = re.compile(r"[!-}]([ -}]{0,14}[!-}])?")  # printable ASCII but `~`, no blank at either end, at most 16


def marker(provider: Provider, tenant_id: str, student_id: str) -> str:
    """The marker of a student at a provider; never a cut id, and the same for ever.

    Microsoft: the student's id where it is at most 16 characters of printable ASCII without `~`; else `~` and the first 15
    characters (75 bits) of base32(SHA-256(tenant, student)). Graph may trim blanks and compares other scripts by rules of its
    own, so ids with such are hashed as well. Graph's `eq` ignores case: whoever looks a marker up compares what was found.

    Google: `tenant/student`, at most 192 characters (`externalIds` holds 2 KB), so that two institutions that share one
    Workspace customer can't take each other's accounts; no slash is in a tenant's id, so the pair can be read in one way only.
    """
    key = student_key(tenant_id, student_id)
    if provider is Provider.GOOGLE:
        return key.decode()
    if _PLAIN.fullmatch(student_id):
        return student_id
    return "~" + b32encode(sha256(key).digest()).decode()[: GRAPH_LENGTH - 1]
