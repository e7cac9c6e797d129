"""A schema registry in memory that speaks Confluent's HTTP API, as far as clients and `provisioner schemas` use it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from uuid import UUID, uuid5

from aiohttp import web
from fastavro import parse_schema
from fastavro.schema import SchemaParseException, UnknownType

from consumer.simulators.compatibility import reasons_against
from consumer.simulators.desk import Handler

_NAMESPACE = UUID("a3d6b1e2-6b0e-4a0e-9f0a-6f3f7a1f5c11")
_LATEST = "latest"


class RegistryRefusal(Exception):
    """An error answer: HTTP status and Confluent's error code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


class SchemaStore:
    """Schemas by id, and each subject's versions. Compatibility is BACKWARD unless a subject is set to NONE."""

    def __init__(self) -> None:
        self._schemas: list[str] = []
        self._subjects: dict[str, list[int]] = {}
        self._levels: dict[str, str] = {}

    def text(self, ident: int) -> str:
        """The schema of an id."""
        if not 0 < ident <= len(self._schemas):
            raise RegistryRefusal(404, 40403, f"Schema {ident} not found")
        return self._schemas[ident - 1]

    def by_guid(self, guid: str) -> int:
        """The id of a GUID, which is derived from the schema's text."""
        for ident, text in enumerate(self._schemas, start=1):
            if str(uuid5(_NAMESPACE, text)) == guid.lower():
                return ident
        raise RegistryRefusal(404, 40403, f"Schema {guid} not found")

    def guid(self, ident: int) -> str:
        """The GUID of an id."""
        return str(uuid5(_NAMESPACE, self.text(ident)))

    def versions(self, subject: str) -> list[int]:
        """The ids of a subject's versions, oldest first."""
        if subject not in self._subjects:
            raise RegistryRefusal(404, 40401, f"Subject '{subject}' not found.")
        return self._subjects[subject]

    def subjects(self) -> list[str]:
        """All subjects."""
        return sorted(self._subjects)

    def find(self, subject: str, text: str) -> tuple[int, int]:
        """Id and version of this very schema under the subject."""
        canonical = _canonical(text)
        for version, ident in enumerate(self.versions(subject), start=1):
            if _canonical(self.text(ident)) == canonical:
                return ident, version
        raise RegistryRefusal(404, 40403, "Schema not found")

    def register(self, subject: str, text: str) -> int:
        """The schema's id; the same for the same schema, over all subjects."""
        canonical = _canonical(text)
        versions = self._subjects.get(subject, [])
        for ident in versions:
            if _canonical(self.text(ident)) == canonical:
                return ident
        if versions and (against := self.against(subject, text)):
            raise RegistryRefusal(
                409, 409, f"Schema being registered is incompatible with an earlier schema: {'; '.join(against)}"
            )
        known = next((n for n, other in enumerate(self._schemas, start=1) if _canonical(other) == canonical), None)
        if known is None:
            self._schemas.append(text)
            known = len(self._schemas)
        self._subjects.setdefault(subject, []).append(known)
        return known

    def against(self, subject: str, text: str) -> list[str]:
        """Why the schema could not be the subject's next version; empty where it could."""
        newest = self.text(self.versions(subject)[-1])
        _canonical(text)
        if self._levels.get(subject, "BACKWARD") == "NONE":
            return []
        return reasons_against(reader=json.loads(text), writer=json.loads(newest))

    def level(self, subject: str) -> str:
        """The compatibility level in force."""
        return self._levels.get(subject, "BACKWARD")

    def set_level(self, subject: str, level: str) -> None:
        """BACKWARD or NONE."""
        if level not in {"BACKWARD", "NONE"}:
            raise RegistryRefusal(422, 42203, "Invalid compatibility level")
        self._levels[subject] = level


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
        ("registry.register", "POST", f"{subject}/versions"): lambda s, r, b: {"id": s.register(_subject(r), _text(b))},
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
    ident = int(request.match_info["id"])
    return {"schema": store.text(ident), "guid": store.guid(ident)}


def _by_guid(store: SchemaStore, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
    ident = store.by_guid(request.match_info["guid"])
    return {"schema": store.text(ident), "guid": store.guid(ident)}


def _find(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    ident, version = store.find(_subject(request), _text(body))
    return {"subject": _subject(request), "id": ident, "version": version, "schema": store.text(ident)}


def _version(store: SchemaStore, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
    versions, asked = store.versions(_subject(request)), request.match_info["version"]
    number = len(versions) if asked == _LATEST else int(asked)
    if not 0 < number <= len(versions):
        raise RegistryRefusal(404, 40402, f"Version {asked} not found.")
    ident = versions[number - 1]
    return {"subject": _subject(request), "id": ident, "version": number, "schema": store.text(ident)}


def _set_level(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    store.set_level(_subject(request), str(body.get("compatibility")))
    return {"compatibility": store.level(_subject(request))}


def _compatibility(store: SchemaStore, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    against = store.against(_subject(request), _text(body))
    return {"is_compatible": not against, "messages": against}


def _subject(request: web.Request) -> str:
    return request.match_info["subject"]


def _text(body: dict[str, Any]) -> str:
    return str(body.get("schema", ""))


def _canonical(text: str) -> str:
    try:
        parse_schema(json.loads(text))
    except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError) as error:
        raise RegistryRefusal(422, 42201, f"Invalid schema: {error}") from error
    # Defaults and docs make a schema another version, so Avro's parsing canonical form is too coarse.
    return json.dumps(json.loads(text), sort_keys=True)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found: object = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise RegistryRefusal(422, 42201, "The request's body is not JSON") from error
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
