"""The marker: what stands on an account to prove that it is ours, and whose."""

import re
from base64 import b32encode
from hashlib import sha256

from consumer.events import Provider, student_key

GRAPH_LENGTH = 16
"""Characters of a marker at Microsoft: as many as `employeeId` holds (Microsoft's page "Update user")."""


_AT_GRAPH = re.compile(rf"~[A-Z2-7]{{{GRAPH_LENGTH - 1}}}")


def is_marker(provider: Provider, tenant_id: str, text: str) -> bool:
    """Whether it has the form of a marker of this tenant. At Microsoft it may be another tenant's of the same directory."""
    if provider is Provider.GOOGLE:
        return text.startswith(student_key(tenant_id, "").decode())
    return _AT_GRAPH.fullmatch(text) is not None


def marker(provider: Provider, tenant_id: str, student_id: str) -> str:
    """The marker of a student at a provider. It never changes, and identifies tenant and student.

    Microsoft: `~` and the first 15 characters (75 bits) of base32(SHA-256(tenant, student)). Never a bare student number: schools write
    those for staff as well, and two tenants of one directory may have equal ones. Graph's `eq` ignores case: compare what a search returns.

    Google: `tenant/student` in an external id of our own type, at most 192 characters (`externalIds` holds 2 KB). The pair can be read in
    one way only: a tenant's id holds no slash.
    """
    key = student_key(tenant_id, student_id)
    if provider is Provider.GOOGLE:
        return key.decode()
    return "~" + b32encode(sha256(key).digest()).decode()[: GRAPH_LENGTH - 1]
