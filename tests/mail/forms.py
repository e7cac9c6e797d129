"""A form as any server reads it."""

from email.message import Message
from email.parser import BytesParser


def read_form(content_type: str, body: bytes) -> dict[str, str]:
    parsed = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts: list[Message] = parsed.get_payload()  # pyright: ignore[reportAssignmentType]  parts of a multipart message
    found: dict[str, str] = {}
    for part in parts:
        value = part.get_payload(decode=True)
        assert isinstance(value, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = value.decode()
    return found
