"""The folder of the tenants' files: what has changed since the last look, and which version of each tenant is in force.

read again, since it has changed ──▶ the newest ──serves at least as well as the one in force──▶ in force
                                        │ no
                                        └──▶ reported; the last good one stays in force until a later one is as good
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consumer.configuration.loading import sorted_out
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.overlaps import undeclared
from consumer.configuration.tenant_file import TenantFile
from consumer.snapshot import Snapshot
from consumer.stamp import Seen, Stamp, stamp

Read = Callable[[Sequence[str]], TenantFile]
"""Reads the file at these paths: more than one where a tenant has two."""

_CHANGED: Stamp = (0, 0, 0)
"""No file's stamp."""
_STAY = "All tenants stay as they were. Provide the folder again; to serve no tenant, stop the service"


@dataclass(frozen=True, slots=True)
class Reread:
    """A tenant's file that was read again: the newest version, and the one before it (None for a new tenant)."""

    newest: TenantFile
    before: TenantFile | None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found, by the tenants' ids. `came` are the versions that came into force, in place of another one or for a new tenant;
    `left` are tenants that are not in force any more. `mistakes` are new ones that hold no student."""

    reread: Mapping[str, Reread] = field(default_factory=dict[str, Reread])
    came: Mapping[str, TenantFile] = field(default_factory=dict[str, TenantFile])
    left: frozenset[str] = frozenset()
    mistakes: Sequence[Mistake] = ()


class TenantFolder:
    """Begins with the files as they were read at start. Blocking; for one thread."""

    def __init__(self, directory: Path, files: Mapping[str, TenantFile], reader: Callable[[], Read]) -> None:
        """`reader` makes a `Read` for one look: what it remembers of templates is old at the next."""
        self._directory = directory
        self._reader = reader
        self._newest = dict(files)
        self._in_force = dict(files)
        self._names: Sequence[str] = ()
        self._paths: Mapping[str, Sequence[str]] = {}
        self._compared: Mapping[str, Sequence[str]] = {}
        self._stamps = _stamps(files)
        self._missing: frozenset[str] = frozenset()
        self._reported = frozenset(self._mistakes())

    @property
    def in_force(self) -> Mapping[str, TenantFile]:
        """The version that counts, of each tenant."""
        return self._in_force

    def snapshot(self) -> Snapshot:
        """The tenants in force."""
        files = self._in_force
        without = {ident: file.outline for ident, file in files.items() if file.tenant is None}
        return Snapshot.of((file.tenant for file in files.values() if file.tenant), without)

    def look(self) -> Look:
        """Reads what has changed. Without a change it costs one `stat` for each file.

        A tenant leaves when its file is missing at two looks in a row: editors and copying tools replace a file by removing it first.
        Raises `Misconfigured` where the folder cannot be read or has no tenant, such as a volume that is not mounted: then nothing changes.
        """
        paths = self._listed()
        missing = self._newest.keys() - paths.keys()
        left = missing & self._missing
        self._missing = frozenset(missing - left)
        reread = self._read_changed(paths)
        for ident in left:
            del self._newest[ident], self._in_force[ident]
        if left:
            self._stamps = _stamps(self._newest)
        came = {ident: one.newest for ident, one in reread.items() if self._comes(ident, one.newest)}
        self._in_force.update(came)
        if not reread and not left:
            return Look()
        mistakes = frozenset(self._mistakes())
        new, self._reported = mistakes - self._reported, mistakes
        return Look(reread, came, frozenset(left), sorted(new))

    def _listed(self) -> Mapping[str, Sequence[str]]:
        where = shown(self._directory)
        try:
            names = os.listdir(self._directory)  # noqa: PTH208  a `Path` for each would take longer than the rest of a look
        except OSError as error:
            wrong = f"The tenants' folder cannot be read ({error.strerror or type(error).__name__})"
            raise Misconfigured([Mistake(where, 0, "", wrong, f"{_STAY}.")]) from error
        if names != self._names:
            self._names, (self._paths, _) = names, sorted_out(self._directory, names)
        if not self._paths:
            raise Misconfigured([Mistake(where, 0, "", "The tenants' folder has no tenant any more", f"{_STAY}.")])
        return self._paths

    def _read_changed(self, paths: Mapping[str, Sequence[str]]) -> Mapping[str, Reread]:
        """The newest versions; a file that only has another stamp keeps its version."""
        reread: dict[str, Reread] = {}
        changed = self._changed(paths)
        if not changed:
            return reread
        read = self._reader()
        for ident in changed:
            own, before = paths[ident], self._newest.get(ident)
            same = before.look_again() if before and [*before.own] == [*own] else None
            newest = self._newest[ident] = same or _read_alone(read, own)
            if same is None:
                reread[ident] = Reread(newest, before)
        self._stamps = _stamps(self._newest)
        return reread

    def _changed(self, paths: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """The tenants that have other files, or one of whose files `stat` says something else of."""
        moved = {path for path, seen in self._stamps.items() if stamp(path) != seen}
        if not moved and paths is self._compared:
            return ()
        self._compared = paths
        return [
            ident
            for ident, own in paths.items()
            if (file := self._newest.get(ident)) is None
            or [*file.own] != own
            or not (moved.isdisjoint(file.own) and moved.isdisjoint(file.named))
        ]

    def _comes(self, ident: str, newest: TenantFile) -> bool:
        now = self._in_force.get(ident)
        return now is None or (newest.serves >= now.serves and not newest.is_like(now))

    def _mistakes(self) -> Sequence[Mistake]:
        readings = {ident: file.reading for ident, file in self._newest.items() if file.reading}
        overlaps = undeclared(readings, known=self._newest.keys())
        return [*overlaps, *(mistake for file in self._newest.values() for mistake in file.other)]


def _read_alone(read: Read, own: Sequence[str]) -> TenantFile:
    """A defect that one file brings to light is this file's mistake, and keeps no other from being read."""
    seen = {path: Seen.of(path) for path in own}
    try:
        return read(own)
    except Exception as defect:  # noqa: BLE001  whatever it is
        wrong = f"This version fails to read the file ({type(defect).__name__})"
        mistake = Mistake(shown(Path(own[0])), 0, "", wrong, "Undo the last change of the file, and report the defect.")
        return TenantFile(None, None, None, (mistake,), (), seen, {})


def _stamps(files: Mapping[str, TenantFile]) -> Mapping[str, Stamp]:
    """Of all files, each once, as many tenants may name one. What was not the same for all of them counts as changed."""
    stamps: dict[str, Stamp] = {}
    for file in files.values():
        for path, seen in (*file.own.items(), *file.named.items()):
            stamps[path] = seen.stamp if stamps.get(path, seen.stamp) == seen.stamp else _CHANGED
    return stamps
