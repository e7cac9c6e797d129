"""A client of a schema registry that speaks Confluent's HTTP API. Blocking; schemas are immutable, so what was read once is kept.

Only the registry's own answers count: a schema is unknown where the API's error body says so with its code (Confluent's API reference:
40403 for a schema, 40401 and 40402 for a subject and its versions), refused where a registration is answered with 409 or 422 and such a
body. Proxies, ingresses and restarting registries answer with the same statuses and other bodies; those, and whatever else is not as the
API describes it, are `Unavailable`: the caller asks again later.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from consumer.codec.port import UnknownSchema, UnreadableSchema, WriterSchema
from consumer.codec.registry_access import open_client
from consumer.codec.wire import SchemaRef
from consumer.errors import Unavailable
from consumer.http.causes import explain
from consumer.http.proxy import DIRECT, Proxies
from consumer.settings import RegistrySettings

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_PATIENCE = 15.0
"""Seconds for one question, references included: its asker reads the topic, and must not lose its partitions over it."""
_LARGEST = 4 * 1024 * 1024
_MOST_REFERENCES = 200
_LAST_ID = 2**31 - 1

_NO_SUBJECT, _NO_VERSION, _NO_SCHEMA = 40401, 40402, 40403


class Incompatible(Exception):
    """The registry refuses the schema; the text is the registry's own."""


class _NotFound(Unavailable):
    """A 404 that says nothing about schemas: an ingress, or a registry without this route."""


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Whether a schema could be registered as a subject's next version, and the registry's reasons against it."""

    compatible: bool
    messages: tuple[str, ...] = ()


class _Version(NamedTuple):
    """A subject, and the number of its version."""

    subject: str
    number: int


class _Reference(NamedTuple):
    """The type that is referred to, and where it is defined."""

    name: str
    version: _Version


class _Entry(NamedTuple):
    """What is kept of an answer."""

    text: str
    references: tuple[_Reference, ...]


class Registry:
    """One registry. `client` has the base URL, credentials, CA file and time limits; it is closed with `close`.

    Keeps `Schemas`. `clock` gives seconds that only rise.
    """

    def __init__(
        self, client: httpx.Client, *, cache_size: int = 1_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._cache_size = cache_size
        self._cache: OrderedDict[SchemaRef | _Version, _Entry] = OrderedDict()
        self._clock = clock

    def schema(self, ref: SchemaRef) -> WriterSchema:
        """The newest `cache_size` schemas are answered from memory.

        Where a type is referred to in several versions, the first counts, depth first: so Confluent's registry resolves it.
        A reference that the registry does not know raises `Unavailable`: it takes no schema before those that it refers to, so what it
        says now is not the whole of it.
        """
        until = self._clock() + _PATIENCE
        entry = self._kept(ref, until)
        texts: dict[str, str] = {}
        waiting = list(reversed(entry.references))
        while waiting:
            name, version = waiting.pop()
            if name in texts:
                continue
            if len(texts) == _MOST_REFERENCES:
                raise UnreadableSchema(f"it refers to more than {_MOST_REFERENCES} other schemas")
            try:
                referenced = self._kept(version, until)
            except UnknownSchema as error:
                raise Unavailable("The schema registry lacks a schema that another one refers to.") from error
            texts[name] = referenced.text
            waiting.extend(reversed(referenced.references))
        return WriterSchema(entry.text, tuple(texts.values()))

    def id_of(self, subject: str, schema: str) -> int:
        """The id under which this very schema is registered for the subject. Raises `UnknownSchema`, `Unavailable`."""
        answer = self._call(
            "POST", f"/subjects/{_quoted(subject)}", {"schema": schema}, unknown={_NO_SUBJECT, _NO_SCHEMA}
        )
        return _number(answer, "id")

    def register(self, subject: str, schema: str) -> int:
        """Registers the schema (again: the same id). Raises `Incompatible`, `Unavailable`."""
        answer = self._call("POST", f"/subjects/{_quoted(subject)}/versions", {"schema": schema}, refusable=True)
        return _number(answer, "id")

    def compatibility(self, subject: str, schema: str) -> Compatibility:
        """Whether the subject's rule would let the schema in.

        Raises `UnknownSchema` where the subject has no version yet, `Unavailable`.
        """
        path = f"/compatibility/subjects/{_quoted(subject)}/versions/latest?verbose=true"
        answer = self._call("POST", path, {"schema": schema}, unknown={_NO_SUBJECT, _NO_VERSION})
        compatible: object = answer.get("is_compatible")
        messages: object = answer.get("messages") or []
        if not isinstance(compatible, bool) or not isinstance(messages, list):
            raise _unexpected("is_compatible")
        return Compatibility(compatible, tuple(str(text) for text in cast("list[object]", messages)))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _kept(self, ref: SchemaRef | _Version, until: float) -> _Entry:
        if ref in self._cache:
            self._cache.move_to_end(ref)
            return self._cache[ref]
        self._cache[ref] = entry = _entry(self._found(ref, until))
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return entry

    def _found(self, ref: SchemaRef | _Version, until: float) -> Mapping[str, Any]:
        match ref:
            case _Version(subject, number):
                # Deleted versions too: what refers to them can still be read (Confluent's own clients ask so).
                path = f"/subjects/{_quoted(subject)}/versions/{number}?deleted=true"
                return self._call("GET", path, unknown={_NO_SUBJECT, _NO_VERSION}, until=until)
            case UUID():
                return self._by_guid(ref, until)
            case ident:
                if ident > _LAST_ID:
                    # Ids are Java ints. Asked for more, Confluent's registry says 404 as to any address that it does not serve.
                    raise UnknownSchema(f"no schema has the id {ident}")
                return self._call("GET", f"/schemas/ids/{ident}", unknown={_NO_SCHEMA}, until=until)

    def _by_guid(self, guid: UUID, until: float) -> Mapping[str, Any]:
        try:
            return self._call("GET", f"/schemas/guids/{guid}", unknown={_NO_SCHEMA}, until=until)
        except _NotFound:
            # Apicurio has no look-up by GUID, nor have older registries. Where the registry itself answers, waiting would never end.
            self._expect_own_answer(until)
            raise UnknownSchema("the registry does not support GUIDs") from None

    def _expect_own_answer(self, until: float) -> None:
        """Raises `Unavailable` unless the registry says that it knows no schema 0, which is no id."""
        try:
            self._call("GET", "/schemas/ids/0", unknown={_NO_SCHEMA}, until=until)
        except UnknownSchema:
            return
        raise _unexpected("schema 0")

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        *,
        unknown: Collection[int] = (),
        refusable: bool = False,
        until: float | None = None,
    ) -> Mapping[str, Any]:
        """The answer's JSON object. Raises `UnknownSchema` for the codes in `unknown`, `Incompatible` if `refusable`, `Unavailable`."""
        status, content = self._exchange(method, path, body, self._clock() + _PATIENCE if until is None else until)
        answer = _object(content)
        if status == HTTPStatus.OK and answer is not None:
            return answer
        code = answer.get("error_code") if answer else None
        if status == HTTPStatus.NOT_FOUND and type(code) is int and code in unknown:
            raise UnknownSchema(f"the registry has nothing at {path.partition('?')[0]}")
        if (
            status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
            and refusable
            and answer
            and type(code) is int
        ):
            raise Incompatible(str(answer.get("message", f"error code {code}")))
        # 401 and 403 too: credentials are put right while the service waits, and no record is lost by waiting.
        fault = _NotFound if status == HTTPStatus.NOT_FOUND else Unavailable
        raise fault(f"Unexpected response from the schema registry (HTTP {status}).", code=str(status))

    def _exchange(self, method: str, path: str, body: Mapping[str, str] | None, until: float) -> tuple[int, bytes]:
        content = json.dumps(body).encode() if body else None
        received = bytearray()
        try:
            with self._client.stream(method, path, content=content, headers=_HEADERS) as answer:
                for chunk in answer.iter_bytes():
                    received += chunk
                    if len(received) > _LARGEST or self._clock() > until:
                        raise Unavailable("The schema registry's response is too long or too slow.")
        # ValueError: httpx parses redirects that it does not follow, and invalid host names.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable(f"The schema registry cannot be reached ({explain(error)}).") from error
        return answer.status_code, bytes(received)


_HEADERS = {
    "Content-Type": _CONTENT_TYPE,
    "Accept": f"{_CONTENT_TYPE}, application/json",
    "Accept-Encoding": "identity",
}


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _entry(answer: Mapping[str, Any]) -> _Entry:
    text, kind, references = answer.get("schema"), answer.get("schemaType"), answer.get("references")
    if not isinstance(text, str) or not isinstance(kind, str | None) or not isinstance(references, list | None):
        raise _unexpected("schema")
    if kind not in {None, "AVRO"}:
        raise UnreadableSchema("it is not Avro")
    return _Entry(text, tuple(_reference(reference) for reference in cast("list[object]", references or [])))


def _reference(reference: object) -> _Reference:
    found = cast("dict[str, Any]", reference) if isinstance(reference, dict) else {}
    name, subject = found.get("name"), found.get("subject")
    if not isinstance(name, str) or not isinstance(subject, str) or not subject.isprintable():
        raise _unexpected("references")
    return _Reference(name, _Version(subject, _number(found, "version")))


def _number(answer: Mapping[str, Any], name: str) -> int:
    number = answer.get(name)
    if type(number) is not int or not 0 < number <= _LAST_ID:
        raise _unexpected(name)
    return number


def _unexpected(name: str) -> Unavailable:
    return Unavailable(f"Unexpected response from the schema registry (its `{name}`).")


def _quoted(subject: str) -> str:
    return quote(subject, safe="")


def open_registry(
    settings: RegistrySettings, open_secret: Callable[[str], str], *, proxies: Proxies = DIRECT
) -> Registry:
    """The configured registry's client. Raises `Stop` where a secret, a key or a certificate can't be opened."""
    return Registry(open_client(settings, open_secret, proxies=proxies), cache_size=settings.cache_size)
