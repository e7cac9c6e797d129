"""From files and environment to `Settings` and `Tenant`s, or all the mistakes at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from consumer.configuration.document import Document, dotted
from consumer.configuration.environment import overlay
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.sentences import sentences
from consumer.settings import Settings
from consumer.tenants import Tenant

M = TypeVar("M", bound=BaseModel)


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The service's settings, overrides applied. Raises `Misconfigured` with every mistake."""
    document = Document.read(path)
    origins = overlay(document.data, environ)
    return _validated(Settings, document, origins)


def load_tenants(directory: Path) -> Sequence[tuple[Tenant, Document]]:
    """Every `*.yaml` of the directory as a tenant, in the order of their names. Raises `Misconfigured` with every mistake."""
    paths = sorted(directory.glob("*.yaml"))
    mistakes: list[Mistake] = []
    if not paths:
        mistakes.append(
            Mistake(shown(directory), 0, "", "No tenant is configured here", "Add a file `<id>.yaml` for each.")
        )
    loaded: list[tuple[Tenant, Document]] = []
    for path in paths:
        try:
            document = Document.read(path)
            tenant = _validated(Tenant, document, {})
        except Misconfigured as error:
            mistakes.extend(error.mistakes)
            continue
        loaded.append((tenant, document))
        if tenant.id != path.stem:
            wrong = f"is `{tenant.id}`, but the file is called `{path.name}`"
            mistakes.append(Mistake(document.file, document.line(("id",)), "id", wrong, "Make the two agree."))
    if mistakes:
        raise Misconfigured(mistakes)
    return loaded


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
