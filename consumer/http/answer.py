"""What came back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_REQUEST_ID = re.compile(r"[0-9a-fA-F-]{36}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came, read to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = field(default=b"", repr=False)

    @property
    def request_id(self) -> str | None:
        """The vendor's name for the call, where it sends one: Graph's `request-id` (its best practices ask for it in support cases)."""
        found = self.headers.get("request-id", "")
        return found if _REQUEST_ID.fullmatch(found) else None

    def json(self) -> dict[str, Any]:
        """The body's JSON object; empty where it is anything else: a proxy's page, or half of an answer."""
        try:
            found = json.loads(self.body.removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError):
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
