"""How a tenant's vendors are reached: their addresses, references to secrets, keys and certificates."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel

from consumer.configuration.document import Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.errors import Stop
from consumer.http.client import tls_context
from consumer.providers.factory import open_tokens
from consumer.secrets import SecretOpener
from consumer.settings import SecretRef
from consumer.stamp import Seen
from consumer.tenants import MailgunSection, Tenant

M = TypeVar("M", bound=BaseModel)

_ADDED = {
    ("microsoft", "graph_url"): ("/v1.0", "/beta"),
    ("microsoft", "authority_url"): ("/oauth2", "/common", "/organizations"),
    ("google", "directory_url"): ("/admin",),
    ("google", "licensing_url"): ("/apps",),
    ("mailgun", "url"): ("/v2", "/v3", "/v4"),
}
"""What the service itself appends to a root, which people copy along from examples."""


def roots(reading: Reading[Tenant], tenant: Tenant) -> Iterator[Mistake]:
    """Addresses of APIs that hold more than the API's root."""
    for section in ("microsoft", "google", "mailgun"):
        for name, value in _urls(getattr(tenant, section)):
            place = (section, name)
            for path in _ADDED.get(place, ()):
                if path.strip("/") in urlsplit(value).path.split("/"):
                    right = f"Leave out `{path}` and what follows: the service adds it."
                    yield from reading.mistake(place, f"holds the path `{path}`, where the API's root is wanted", right)


def mistakes(reading: Reading[Tenant], tenant: Tenant, open_secret: SecretOpener) -> Iterator[Mistake]:
    """Secrets that cannot be opened, keys of the wrong form, certificates that cannot be read."""
    closed = list(unopened(reading, tenant, open_secret))
    yield from closed
    places = {mistake.place for mistake in closed}
    for name, section in (("microsoft", tenant.microsoft), ("google", tenant.google), ("mailgun", tenant.mailgun)):
        if section is None:
            continue
        secret = "api_key" if isinstance(section, MailgunSection) else section.credential
        if section.ca_file and (wrong := _unusable(section.ca_file, Seen.of(section.ca_file).digest)):
            right = "Give a file with certificates in PEM where the service runs."
            yield from reading.mistake((name, "ca_file"), wrong.rstrip("."), right)
            continue
        try:
            if not isinstance(section, MailgunSection) and f"{name}.{secret}" not in places:
                open_tokens(section, open_secret=open_secret)
        except Stop as error:
            right = "Give the key as the vendor hands it out."
            yield from reading.mistake((name, secret), str(error).rstrip("."), right)


@lru_cache(maxsize=64)
def _unusable(ca_file: Path, _digest: bytes | None) -> str | None:
    """What is wrong with a file of certificates. OpenSSL takes a millisecond for it, and tenants share one: each content is read once."""
    try:
        tls_context(ca_file)
    except Stop as error:
        return str(error)
    return None


def unopened(reading: Reading[M], model: M, open_secret: SecretOpener) -> Iterator[Mistake]:
    """Every reference to a secret that leads nowhere."""
    for place, reference in references(model):
        try:
            open_secret(reference)
        except Stop as error:
            yield from reading.mistake(place, str(error).rstrip("."), "Set it where the service runs.")


def references(value: object, place: Place = ()) -> Iterator[tuple[Place, SecretRef]]:
    """Every reference to a secret in a model, with its place."""
    if isinstance(value, SecretRef):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in _with_room(type(value)):
            yield from references(getattr(value, name), (*place, name))
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield from references(item, (*place, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(cast("tuple[object, ...]", value)):
            yield from references(item, (*place, number))


@cache
def _with_room(model: type[BaseModel]) -> Sequence[str]:
    """The fields that can hold a reference, by their type."""
    return [name for name, field in model.model_fields.items() if _has_room(field.annotation)]


def _has_room(annotation: Any) -> bool:  # noqa: ANN401  any type form
    if not isinstance(annotation, type):
        return any(_has_room(part) for part in get_args(annotation))
    return issubclass(annotation, SecretRef) or (issubclass(annotation, BaseModel) and bool(_with_room(annotation)))


def _urls(section: object) -> Iterator[tuple[str, str]]:
    if isinstance(section, BaseModel):
        for name in type(section).model_fields:
            value: object = getattr(section, name)
            if name.endswith("url") and isinstance(value, str):
                yield name, value
