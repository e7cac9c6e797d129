"""A schema registry in memory that speaks Confluent's HTTP API, as far as clients and `provisioner schemas` use it.

Errors are the API's own: `error_code` and `message` (40401 no such subject, 40402 no such version, 40403 no such schema, 42201 no schema,
42202 no version, 409 incompatible). A path parameter of a wrong type is no address at all: 404, code 404.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid5

from aiohttp import web
from fastavro import parse_schema
from fastavro.schema import SchemaParseException, UnknownType
from fastavro.types import NamedSchemas, Schema

from sandbox.simulators.compatibility import reasons_against
from sandbox.simulators.request_handler import Handler

_NAMESPACE = UUID("a3d6b1e2-6b0e-4a0e-9f0a-6f3f7a1f5c11")
_LATEST = "latest"
_LAST_ID = 2**31 - 1


class RegistryRefusal(Exception):
    """An error answer: HTTP status and Confluent's error code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


class Reference(NamedTuple):
    """What a schema refers to: a type's full name, and the subject and version that define it."""

    name: str
    subject: str
    version: int


class _Registered(NamedTuple):
    text: str
    references: tuple[Reference, ...]


class SchemaStore:
    """Schemas by id, and each subject's versions. Compatibility is BACKWARD unless a subject is set to NONE."""

    def __init__(self) -> None:
        self._schemas: list[_Registered] = []
        self._subjects: dict[str, list[int]] = {}
        self._levels: dict[str, str] = {}

    def text(self, ident: int) -> str:
        """The schema of an id."""
        return self._of(ident).text

    def references(self, ident: int) -> tuple[Reference, ...]:
        """What the schema of an id refers to."""
        return self._of(ident).references

    def by_guid(self, guid: str) -> int:
        """The id of a GUID, which is derived from the schema's text."""
        for ident in range(1, len(self._schemas) + 1):
            if self.guid(ident) == guid.lower():
                return ident
        raise RegistryRefusal(404, 40403, f"Schema {guid} not found")

    def guid(self, ident: int) -> str:
        """The GUID of an id."""
        return str(uuid5(_NAMESPACE, json.dumps(self._of(ident))))

    def versions(self, subject: str) -> list[int]:
        """The ids of a subject's versions, oldest first."""
        if subject not in self._subjects:
            raise RegistryRefusal(404, 40401, f"Subject '{subject}' not found.")
        return self._subjects[subject]

    def subjects(self) -> list[str]:
        """All subjects."""
        return sorted(self._subjects)

    def version(self, subject: str, number: int) -> int:
        """The id of a subject's version."""
        versions = self.versions(subject)
        if not 0 < number <= len(versions):
            raise RegistryRefusal(404, 40402, f"Version {number} not found.")
        return versions[number - 1]

    def find(self, subject: str, text: str, references: Sequence[Reference] = ()) -> tuple[int, int]:
        """Id and version of this very schema under the subject."""
        canonical = self._canonical(text, references)
        for version, ident in enumerate(self.versions(subject), start=1):
            if self._canonical(*self._of(ident)) == canonical:
                return ident, version
        raise RegistryRefusal(404, 40403, "Schema not found")

    def register(self, subject: str, text: str, references: Sequence[Reference] = ()) -> int:
        """The schema's id; the same for the same schema, over all subjects."""
        canonical = self._canonical(text, references)
        versions = self._subjects.get(subject, [])
        for ident in versions:
            if self._canonical(*self._of(ident)) == canonical:
                return ident
        if versions and (against := self.against(subject, text, references)):
            raise RegistryRefusal(
                409, 409, f"Schema being registered is incompatible with an earlier schema: {'; '.join(against)}"
            )
        known = next(
            (n for n, other in enumerate(self._schemas, start=1) if self._canonical(*other) == canonical), None
        )
        if known is None:
            self._schemas.append(_Registered(text, tuple(references)))
            known = len(self._schemas)
        self._subjects.setdefault(subject, []).append(known)
        return known

    def against(self, subject: str, text: str, references: Sequence[Reference] = ()) -> list[str]:
        """Why the schema could not be the subject's next version; empty where it could."""
        newest = self._of(self.versions(subject)[-1])
        reader = self._expanded(text, references)
        if self._levels.get(subject, "BACKWARD") == "NONE":
            return []
        return reasons_against(reader=reader, writer=self._expanded(*newest))

    def level(self, subject: str) -> str:
        """The compatibility level in force."""
        return self._levels.get(subject, "BACKWARD")

    def set_level(self, subject: str, level: str) -> None:
        """BACKWARD or NONE."""
        if level not in {"BACKWARD", "NONE"}:
            raise RegistryRefusal(422, 42203, "Invalid compatibility level")
        self._levels[subject] = level

    def _of(self, ident: int) -> _Registered:
        if not 0 < ident <= len(self._schemas):
            raise RegistryRefusal(404, 40403, f"Schema {ident} not found")
        return self._schemas[ident - 1]

    def _canonical(self, text: str, references: Sequence[Reference]) -> str:
        self._expanded(text, references)
        # Defaults and docs make a schema another version, so Avro's parsing canonical form is too coarse.
        return json.dumps([json.loads(text), references], sort_keys=True)

    def _expanded(self, text: str, references: Sequence[Reference]) -> Schema:
        """The schema with all named types in place, but for those that hold themselves. Refuses what is no schema."""
        known: NamedSchemas = {}
        try:
            self._define(references, known)
            return parse_schema(json.loads(text), known, expand=True, _write_hint=False)
        except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError) as error:
            raise RegistryRefusal(422, 42201, f"Invalid schema: {error}") from error

    def _define(self, references: Sequence[Reference], known: NamedSchemas) -> None:
        for _, subject, version in references:
            try:
                referenced = self._of(self.version(subject, version))
            except RegistryRefusal as refusal:
                raise RegistryRefusal(
                    422, 42201, f"Invalid schema: no schema reference found for subject {subject}, version {version}"
                ) from refusal
            self._define(referenced.references, known)
            parse_schema(json.loads(referenced.text), known, expand=True, _write_hint=False)


def handlers(store: SchemaStore) -> Mapping[tuple[str, str, str], Handler]:
    """Every route as (name, method, path), and what answers it."""
    subject = "/subjects/{subject}"
    table: Mapping[tuple[str, str, str], Callable[[SchemaStore, web.Request, dict[str, Any]], Any]] = {
        ("registry.schema", "GET", "/schemas/ids/{id}"): _by_id,
        ("registry.guid", "GET", "/schemas/guids/{guid}"): _by_guid,
        ("registry.subjects", "GET", "/subjects"): lambda s, _r, _b: s.subjects(),
        ("registry.find", "POST", subject): _find,
        ("registry.versions", "GET", f"{subject}/versions"): lambda s, r, _b: list(
            range(1, len(s.versions(_subject(r))) + 1)
        ),
        ("registry.register", "POST", f"{subject}/versions"): _register,
        ("registry.version", "GET", f"{subject}/versions/{{version}}"): _version,
        ("registry.level", "GET", "/config/{subject}"): lambda s, r, _b: {"compatibilityLevel": s.level(_subject(r))},
        ("registry.set_level", "PUT", "/config/{subject}"): _set_level,
        ("registry.compatibility", "POST", f"/compatibility{subject}/versions/{{version}}"): _compatibility,
    }
    return {route: _answering(store, act) for route, act in table.items()}


def _answering(store: SchemaStore, act: Callable[[SchemaStore, web.Request, dict[str, Any]], Any]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(act(store, request, await _body(request)))
        except RegistryRefusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)

    return cast("Callable[[web.Request], Awaitable[web.StreamResponse]]", handler)


def _by_id(store: SchemaStore, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
    asked = request.match_info["id"]
    if not asked.isdecimal() or int(asked) > _LAST_ID:
        raise RegistryRefusal(404, 404, "HTTP 404 Not Found")
    return {**_schema(store, int(asked)), "guid": store.guid(int(asked))}


def _by_guid(store: SchemaStore, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
    ident = store.by_guid(request.match_info["guid"])
    return {**_schema(store, ident), "guid": store.guid(ident)}


def _find(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    ident, version = store.find(_subject(request), _text(body), _references(body))
    return {"subject": _subject(request), "id": ident, "version": version, **_schema(store, ident)}


def _register(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": store.register(_subject(request), _text(body), _references(body))}


def _version(store: SchemaStore, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
    asked = request.match_info["version"]
    if asked != _LATEST and (not asked.isdecimal() or not 0 < int(asked) <= _LAST_ID):
        raise RegistryRefusal(422, 42202, f"The specified version '{asked}' is not a valid version id.")
    number = len(store.versions(_subject(request))) if asked == _LATEST else int(asked)
    ident = store.version(_subject(request), number)
    return {"subject": _subject(request), "id": ident, "version": number, **_schema(store, ident)}


def _schema(store: SchemaStore, ident: int) -> dict[str, Any]:
    """As the registry returns it: Avro's type is left out, and so are references where there are none."""
    references = [reference._asdict() for reference in store.references(ident)]
    return {"schema": store.text(ident)} | ({"references": references} if references else {})


def _set_level(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    store.set_level(_subject(request), str(body.get("compatibility")))
    return {"compatibility": store.level(_subject(request))}


def _compatibility(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    against = store.against(_subject(request), _text(body), _references(body))
    return {"is_compatible": not against, "messages": against}


def _subject(request: web.Request) -> str:
    return request.match_info["subject"]


def _text(body: dict[str, Any]) -> str:
    return str(body.get("schema", ""))


def _references(body: dict[str, Any]) -> tuple[Reference, ...]:
    try:
        return tuple(
            Reference(str(found["name"]), str(found["subject"]), int(found["version"]))
            for found in body.get("references") or ()
        )
    except (ValueError, TypeError, KeyError) as error:
        raise RegistryRefusal(422, 42201, "Invalid schema: a reference has a name, a subject and a version") from error


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found: object = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise RegistryRefusal(422, 42201, "The request's body is not JSON") from error
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
