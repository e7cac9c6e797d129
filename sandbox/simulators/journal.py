"""The requests that reached the vendors, one of each form, in a file that outlives the process: what contract tests look at.

`SIMULATOR_JOURNAL=FOLDER` has every process write one: `FOLDER/<pid>.jsonl`. Two requests have one form where client and route are the
same, and query and body have the same fields; of these, the first is kept.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

VARIABLE = "SIMULATOR_JOURNAL"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the vendor got it. `client` is its `User-Agent`; a multipart form stands in `body` as if it were urlencoded."""

    client: str
    service: str
    route: str
    method: str
    path: str
    body: str


class Journal:
    """Appends to a file; None: keeps nothing. For one event loop."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: set[str] = set()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The one that the environment names, of this process."""
        folder = environment.get(VARIABLE)
        return cls(Path(folder) / f"{os.getpid()}.jsonl" if folder else None)

    def add(self, sent: Sent) -> None:
        """Notes the request, unless one of its form is there."""
        if self._file is None or (form := _form(sent)) in self._known:
            return
        self._known.add(form)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(sent)) + "\n")


def read(folder: Path) -> Iterator[Sent]:
    """Every request that the processes of a run have noted."""
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield Sent(**json.loads(line))


def _form(sent: Sent) -> str:
    query = sorted(parse_qs(urlsplit(sent.path).query, keep_blank_values=True))
    return repr((sent.client, sent.route, sent.method, query, _fields(sent.body)))


def _fields(body: str) -> object:
    try:
        return _shape(json.loads(body))
    except ValueError:
        return sorted(parse_qs(body, keep_blank_values=True))


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return sorted((name, _shape(inner)) for name, inner in cast("dict[str, Any]", value).items())
    if isinstance(value, list):
        return sorted({repr(_shape(inner)) for inner in cast("Sequence[Any]", value)})
    return type(value).__name__
