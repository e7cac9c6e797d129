"""Histories in files, so that anyone can judge a kept run again. JSON; bytes stand as `{"base64": …}`.

A history holds what the run held: canaries, logs and keys among them. Files are as private as that.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from proof.history import History

_BYTES = "base64"
_HISTORY = TypeAdapter(History)


def write(history: History, path: Path) -> None:
    """Replaces what is there."""
    document = asdict(history)
    document["committed"] = [[*place, offset] for place, offset in history.committed.items()]
    path.write_text(json.dumps(document, default=_plain), encoding="utf-8")


def read(path: Path) -> History:
    """The history as it was written. Raises ValueError (pydantic's included) where the file is none."""
    document = json.loads(path.read_text(encoding="utf-8"), object_hook=_bytes)
    document["committed"] = {(topic, partition): offset for topic, partition, offset in document["committed"]}
    return _HISTORY.validate_python(document)


def _plain(value: object) -> object:
    match value:
        case bytes():
            return {_BYTES: b64encode(value).decode()}
        case frozenset() | set():
            return sorted(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  of texts, all of them
        case _:
            return str(value)  # a UUID or a time, both of which pydantic reads back


def _bytes(found: dict[str, Any]) -> object:
    return b64decode(found[_BYTES]) if list(found) == [_BYTES] else found
