"""Writers of status events whose schemas differ from ours, and registries that answer oddly when they are asked for one.

Each was met by operators of similar services.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from consumer.codec.schemas import STATUS_CHANGED, schema
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.registry import Reference, SchemaStore

_STATUS = "sis.students.v1.Status"
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_CALLS = 2
"""How many look-ups are answered oddly, before the registry answers as it should."""

ODD_ANSWERS: Mapping[str, Answer] = {
    "200 without a schema": Answer(status=200, body='{"message": "updating"}'),
    "200 with a list": Answer(status=200, body="[]"),
    "200 with null": Answer(status=200, body="null"),
    "409": Answer(status=409, body='{"error_code": 409, "message": "conflict"}'),
    "422": Answer(status=422, body='{"error_code": 42201, "message": "invalid"}'),
    "404 of an ingress": Answer(status=404, body="404 page not found\n", headers=_TEXT),
}

_MISFIT = "a default that does not fit its type"


class Writers:
    """An encoder for each, by name; their schemas are in the registry."""

    def __init__(self, store: SchemaStore) -> None:
        self._store = store
        self._encoders: dict[str, Encoder] = {}
        for name in ODD_ANSWERS:
            self._encoders[name] = self._registered(name, {**schema(STATUS_CHANGED), "doc": name})
        self._encoders["refers to another schema"] = self._referring()
        self._encoders["an id of the logical type uuid"] = self._uuid()
        self._encoders[_MISFIT] = self._registered("misfit", _with_campus())

    def names(self) -> Sequence[str]:
        """All of them."""
        return list(self._encoders)

    def encode(self, writer: str, event: Mapping[str, Any]) -> bytes:
        """The record's value."""
        return self._encoders[writer].encode({**event, "campus": "east"})

    def faults(self) -> Sequence[FaultRule]:
        """How the registry answers the first who ask for some of the schemas; and the default, which our own registry would not keep."""
        odd = [self._answered(name, answer, first=_CALLS) for name, answer in ODD_ANSWERS.items()]
        misfit = Answer(status=200, body=json.dumps({"schema": json.dumps(_with_campus(default=None))}))
        return [*odd, self._answered(_MISFIT, misfit)]

    def _answered(self, writer: str, answer: Answer, *, first: int | None = None) -> FaultRule:
        path = f"/schemas/ids/{self._encoders[writer].schema_id}"
        return FaultRule(route="registry.schema", fault=answer, first=first, containing=(path,))

    def _referring(self) -> Encoder:
        """The bytes are those of the schema that has the type in its place."""
        whole = schema(STATUS_CHANGED)
        referring = deepcopy(whole)
        field = _field(referring, "status")
        status = {**field["type"], "namespace": "sis.students.v1"}
        field["type"] = _STATUS
        self._store.register("status", json.dumps(status))
        ident = self._store.register("referring", json.dumps(referring), (Reference(_STATUS, "status", 1),))
        return Encoder(whole, ident)

    def _uuid(self) -> Encoder:
        """In bytes, such a string is as any other."""
        changed = schema(STATUS_CHANGED)
        _field(changed, "event_id")["type"] = {"type": "string", "logicalType": "uuid"}
        return self._registered("uuid", changed, written_by=schema(STATUS_CHANGED))

    def _registered(
        self, subject: str, registered: Mapping[str, Any], *, written_by: Mapping[str, Any] | None = None
    ) -> Encoder:
        return Encoder(written_by or registered, self._store.register(subject, json.dumps(registered)))


def _with_campus(**more: object) -> Mapping[str, Any]:
    changed = schema(STATUS_CHANGED)
    changed["fields"].append({"name": "campus", "type": "string", **more})
    return changed


def _field(of: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in of["fields"] if one["name"] == name)
