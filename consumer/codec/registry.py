"""A client of a schema registry that speaks Confluent's HTTP API. Blocking; schemas are immutable, so what was read once is kept."""

import json
import ssl
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

import httpx

from consumer.codec.wire import SchemaRef
from consumer.errors import Stop, Unavailable
from consumer.settings import RegistrySettings

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_TIMEOUT = 5.0
_OK, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 200, 404, 409, 422


class UnknownSchema(LookupError):
    """The registry has answered, and knows no such schema or subject."""


class Incompatible(Exception):
    """The registry refuses the schema; the text is the registry's own."""


class Schemas(Protocol):
    """Where the reader finds a writer's schema."""

    def schema(self, ref: SchemaRef) -> str:
        """The schema's text. Raises `UnknownSchema`, or `Unavailable` where nobody can say now."""
        ...


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Whether a schema could be registered as a subject's next version, and the registry's reasons against it."""

    compatible: bool
    messages: tuple[str, ...] = ()


class Registry:
    """One registry. `client` has the base URL, credentials, CA file and time limits; it is closed with `close`."""

    def __init__(self, client: httpx.Client, *, cache_size: int = 1_000) -> None:
        self._client = client
        self._cache_size = cache_size
        self._cache: OrderedDict[SchemaRef, str] = OrderedDict()

    def schema(self, ref: SchemaRef) -> str:
        """See `Schemas`. The newest `cache_size` schemas are answered from memory."""
        if ref in self._cache:
            self._cache.move_to_end(ref)
            return self._cache[ref]
        path = f"/schemas/guids/{ref}" if isinstance(ref, UUID) else f"/schemas/ids/{ref}"
        answer = self._call("GET", path)
        if answer.get("references"):
            raise Stop(f"Schema {ref} refers to other schemas; this service reads schemas that stand alone.")
        if answer.get("schemaType", "AVRO") != "AVRO":
            raise UnknownSchema(f"schema {ref} is not Avro")
        text = str(answer["schema"])
        self._cache[ref] = text
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return text

    def id_of(self, subject: str, schema: str) -> int:
        """The id under which this very schema is registered for the subject. Raises `UnknownSchema`, `Unavailable`."""
        return int(self._call("POST", f"/subjects/{_quoted(subject)}", {"schema": schema})["id"])

    def register(self, subject: str, schema: str) -> int:
        """Registers the schema (again: the same id). Raises `Incompatible`, `Unavailable`."""
        return int(self._call("POST", f"/subjects/{_quoted(subject)}/versions", {"schema": schema})["id"])

    def compatibility(self, subject: str, schema: str) -> Compatibility:
        """Whether the subject's rule would let the schema in. Raises `UnknownSchema` where the subject has no version yet."""
        path = f"/compatibility/subjects/{_quoted(subject)}/versions/latest?verbose=true"
        answer = self._call("POST", path, {"schema": schema})
        return Compatibility(bool(answer["is_compatible"]), tuple(str(text) for text in answer.get("messages") or ()))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        content = json.dumps(body).encode() if body else None
        try:
            answer = self._client.request(method, path, content=content, headers={"Content-Type": _CONTENT_TYPE})
        except httpx.HTTPError as error:
            raise Unavailable(f"The schema registry does not answer ({type(error).__name__}).") from error
        if answer.status_code == _NOT_FOUND:
            raise UnknownSchema(f"the registry knows nothing at {path.partition('?')[0]}")
        if answer.status_code in {_CONFLICT, _UNPROCESSABLE}:
            raise Incompatible(_message(answer))
        if answer.status_code != _OK:
            # 401 and 403 too: credentials are mended while the service waits, and no record is lost by waiting.
            raise Unavailable(f"The schema registry answers {answer.status_code}.")
        try:
            return answer.json()
        except ValueError as error:
            raise Unavailable("The schema registry's answer is not JSON.") from error


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"


def _quoted(subject: str) -> str:
    return quote(subject, safe="")


def open_registry(settings: RegistrySettings, open_secret: Callable[[str], str]) -> Registry:
    """The configured registry's client. Raises `Stop` where the CA file or the password can't be opened."""
    auth = (settings.username or "", open_secret(settings.password)) if settings.password else None
    client = httpx.Client(
        base_url=settings.url,
        auth=auth,
        verify=ssl.create_default_context(cafile=settings.ca_file),
        timeout=_TIMEOUT,
        trust_env=False,
    )
    return Registry(client, cache_size=settings.cache_size)
