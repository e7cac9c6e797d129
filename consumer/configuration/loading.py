"""From files and environment to `Settings` and `Tenant`s, or all the mistakes at once."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from consumer.configuration.document import Document
from consumer.configuration.environment import overlay
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.reading import Reading, read
from consumer.settings import Settings
from consumer.stamp import Seen
from consumer.tenants import Outline, Tenant

SUFFIXES = (".yaml", ".yml")


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The service's settings, overrides applied. Raises `Misconfigured` with every mistake."""
    reading = read_settings(path, environ)
    if reading.mistakes or reading.model is None:
        raise Misconfigured(reading.mistakes)
    return reading.model


def read_settings(path: Path, environ: Mapping[str, str]) -> Reading[Settings]:
    """The service's settings as far as they can be read, overrides applied, and every mistake."""
    try:
        document = Document.read(path)
    except Misconfigured as error:
        document = Document(shown(path), {}, {})
        return Reading(document, None, (*error.mistakes, *overlay(document, environ)))
    refused = tuple(overlay(document, environ))
    reading = read(Settings, document)
    return Reading(document, reading.model, (*refused, *reading.mistakes), reading.unread)


@dataclass(frozen=True, slots=True)
class Broken:
    """A tenant's file that holds mistakes; `outline` is what is known of the tenant nevertheless.

    `reading` is as much of it as could be read, None where that is nothing.
    """

    mistakes: Sequence[Mistake]
    outline: Outline | None
    reading: Reading[Tenant] | None = None


@dataclass(frozen=True, slots=True)
class TenantFiles:
    """The tenants' files, in the order of their names: those that could be read, and the others by the tenant's id.

    `unread` are files beside them whose names say that they are no tenant's. `seen` is what each tenant's file was before it was read.
    """

    loaded: Sequence[tuple[Tenant, Document]]
    broken: Mapping[str, Broken]
    unread: Sequence[Path] = ()
    seen: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict[str, Mapping[str, Seen]])


def sorted_out(directory: Path, names: Iterable[str]) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    """Of the directory's names, the paths of each tenant's file by the tenant's id, more than one where there are two; and the other paths.

    Hidden files are an editor's or the system's, and left out.
    """
    paths: defaultdict[str, list[str]] = defaultdict(list)
    others: list[str] = []
    for name in sorted(names):
        ident, suffix = os.path.splitext(name)  # noqa: PTH122
        if name.startswith("."):
            continue
        path = os.path.join(directory, name)  # noqa: PTH118
        if suffix in SUFFIXES:
            paths[ident].append(path)
        else:
            others.append(path)
    return paths, others


def load_tenants(directory: Path) -> Sequence[tuple[Tenant, Document]]:
    """Every tenant's file of the directory, in the order of their names. Raises `Misconfigured` with every mistake."""
    files = read_tenants(directory)
    if files.broken:
        raise Misconfigured([mistake for one in files.broken.values() for mistake in one.mistakes])
    return files.loaded


def read_tenants(directory: Path) -> TenantFiles:
    """Every `*.yaml` and `*.yml` of the directory, each by itself. A tenant's id is its file's name.

    Raises `Misconfigured` where there is no tenant.
    """
    try:
        paths, others = sorted_out(directory, (path.name for path in directory.iterdir()))
    except OSError:
        paths, others = dict[str, Sequence[str]](), ()
    if not paths:
        wrong = Mistake(shown(directory), 0, "", "No tenant is configured here", "Add a file `<id>.yaml` for each.")
        raise Misconfigured([wrong])
    loaded: list[tuple[Tenant, Document]] = []
    broken: dict[str, Broken] = {}
    seen: dict[str, Mapping[str, Seen]] = {}
    for ident, of_one in paths.items():
        seen[ident] = {path: Seen.of(path) for path in of_one}
        found = read_tenant([*map(Path, of_one)])
        if isinstance(found, Broken):
            broken[ident] = found
        else:
            loaded.append(found)
    return TenantFiles(loaded, broken, [path for path in map(Path, others) if path.is_file()], seen)


def read_tenant(paths: Sequence[Path]) -> tuple[Tenant, Document] | Broken:
    """A tenant's file, named after its id. More than one is a mistake."""
    path = paths[0]
    mistakes = [
        Mistake(
            shown(other),
            0,
            "",
            f"There are two files for this tenant; the other is `{shown(path)}`",
            "Keep one of them.",
        )
        for other in paths[1:]
    ]
    try:
        document = Document.read(path)
    except Misconfigured as error:
        return Broken([*error.mistakes, *mistakes], None)
    reading = read(Tenant, document)
    mistakes.extend(reading.mistakes)
    if reading.model is not None:
        mistakes.extend(_as_a_whole(reading, reading.model, path))
    if mistakes or reading.model is None:
        ambiguous = paths[1:] or document.mistakes
        return Broken(mistakes, None if ambiguous else _outline(document, path.stem), reading)
    return reading.model, document


def _as_a_whole(reading: Reading[Tenant], tenant: Tenant, path: Path) -> Sequence[Mistake]:
    found = [
        mistake
        for place, others, wrong, right in tenant.contradictions()
        for mistake in reading.mistake(place, wrong, right, *others)
    ]
    if tenant.id != path.stem:
        wrong = f"is `{tenant.id}`, but the file is called `{path.name}`"
        found.extend(reading.mistake(("id",), wrong, "Make the two agree."))
    return found


def _outline(document: Document, ident: str) -> Outline | None:
    """None if the file does not contain even that, or the tenant's id."""
    try:
        outline = Outline.model_validate(document.data)
    except ValidationError:
        return None
    return outline if outline.id == ident else None
