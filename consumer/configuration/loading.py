"""From files and environment to `Settings` and `Tenant`s, or all the mistakes at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from consumer.configuration.document import Document, dotted
from consumer.configuration.environment import overlay
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.sentences import sentences
from consumer.settings import Settings
from consumer.tenants import Outline, Tenant

M = TypeVar("M", bound=BaseModel)


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The service's settings, overrides applied. Raises `Misconfigured` with every mistake."""
    document = Document.read(path)
    origins = overlay(document.data, environ)
    return _validated(Settings, document, origins)


@dataclass(frozen=True, slots=True)
class Broken:
    """A tenant's file that holds mistakes; `outline` is what can be told of the tenant all the same."""

    mistakes: Sequence[Mistake]
    outline: Outline | None


@dataclass(frozen=True, slots=True)
class TenantFiles:
    """The tenants' files, in the order of their names: those that could be read, and the others by the tenant's id."""

    loaded: Sequence[tuple[Tenant, Document]]
    broken: Mapping[str, Broken]


def load_tenants(directory: Path) -> Sequence[tuple[Tenant, Document]]:
    """Every `*.yaml` of the directory as a tenant, in the order of their names. Raises `Misconfigured` with every mistake."""
    files = read_tenants(directory)
    if files.broken:
        raise Misconfigured([mistake for one in files.broken.values() for mistake in one.mistakes])
    return files.loaded


def read_tenants(directory: Path) -> TenantFiles:
    """Every `*.yaml` of the directory, each by itself. A tenant's id is its file's name. Raises `Misconfigured` where there is none."""
    paths = sorted(directory.glob("*.yaml"))
    if not paths:
        wrong = Mistake(shown(directory), 0, "", "No tenant is configured here", "Add a file `<id>.yaml` for each.")
        raise Misconfigured([wrong])
    loaded: list[tuple[Tenant, Document]] = []
    broken: dict[str, Broken] = {}
    for path in paths:
        try:
            loaded.append(_read_tenant(path))
        except Misconfigured as error:
            broken[path.stem] = Broken(error.mistakes, _outline(path))
    return TenantFiles(loaded, broken)


def _read_tenant(path: Path) -> tuple[Tenant, Document]:
    document = Document.read(path)
    tenant = _validated(Tenant, document, {})
    if tenant.id != path.stem:
        wrong = f"is `{tenant.id}`, but the file is called `{path.name}`"
        raise Misconfigured([Mistake(document.file, document.line(("id",)), "id", wrong, "Make the two agree.")])
    return tenant, document


def _outline(path: Path) -> Outline | None:
    """None where the file does not tell even that, or whose it is."""
    try:
        outline = Outline.model_validate(Document.read(path).data)
    except (Misconfigured, ValidationError):
        return None
    return outline if outline.id == path.stem else None


def _validated(model: type[M], document: Document, origins: Mapping[tuple[str, ...], str]) -> M:
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise Misconfigured(
            [
                _mistake(model, document, origins, index)
                for index in error.errors(include_url=False, include_input=False)
            ]
        ) from None


def _mistake(
    model: type[BaseModel], document: Document, origins: Mapping[tuple[str, ...], str], error: ErrorDetails
) -> Mistake:
    place = tuple(part for part in error["loc"] if part != "[key]")
    wrong, right = sentences(model, error)
    variable = origins.get(tuple(str(part) for part in place))
    if variable:
        return Mistake(variable, 0, dotted(place), wrong, right)
    return Mistake(document.file, document.line(place), dotted(place), wrong, right)
