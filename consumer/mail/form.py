"""Mailgun's forms: `multipart/form-data`, as its API description has them, and cheaper to write than percent signs. Pure."""

from collections.abc import Mapping
from hashlib import sha256


def form_data(fields: Mapping[str, str | tuple[str, ...]]) -> tuple[str, bytes]:
    """The content type and the body (RFC 7578). Names are ours and ASCII; values may hold anything. Of several, each is a field.

    The boundary is a digest of all values, so none of them can contain it.
    """
    given = ((name, value if isinstance(value, tuple) else (value,)) for name, value in fields.items())
    values = [(name, one.encode()) for name, several in given for one in several]
    boundary = sha256(b"\0".join(value for _, value in values)).hexdigest().encode()
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, name.encode(), value)
        for name, value in values
    ]
    return f"multipart/form-data; boundary={boundary.decode()}", b"%b--%b--\r\n" % (b"".join(parts), boundary)
