"""Events of a file: one a line, so that a line that cannot be read spoils no other, and none needs a registry."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from consumer.codec.dead_letters import Unreadable
from consumer.codec.lines import LineReader
from consumer.codec.reader import MAX_BYTES
from consumer.replay.source import Rejected, Replayed, Step


class EventFile:
    """Keeps `Source`; its unit is bytes. One line at a time is in memory."""

    def __init__(self, path: Path, tenant_id: str) -> None:
        """Raises `OSError` where there is no such file."""
        self._path = path
        self._reader = LineReader(tenant_id)
        self.total = path.stat().st_size

    def __iter__(self) -> Iterator[Step]:
        done = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(_lines(file), start=1):
                done += len(line)
                if line.strip():
                    yield Step(self._read(number, line), done)

    def _read(self, number: int, line: bytes) -> Replayed:
        try:
            return self._reader.read(line)
        except Unreadable as unreadable:
            return Rejected(f"line {number}", unreadable.reason, unreadable.sentence)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Each line; of one that is too long, its beginning."""
    while line := file.readline(MAX_BYTES + 1):
        yield line
        end = line
        while len(end) > MAX_BYTES and not end.endswith(b"\n"):
            end = file.readline(MAX_BYTES + 1)
