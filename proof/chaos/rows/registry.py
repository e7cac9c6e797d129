"""Registry: what stands before it answers in its place, and writers register schemas of every shape."""

import copy
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from consumer.codec.schemas import STATUS_CHANGED, schema
from proof.chaos.row import BOOK
from proof.chaos.rows.moods import met
from proof.chaos.rows.students import people, settled
from proof.chaos.scene import Scene
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.registry import Reference
from sandbox.simulators.temper import Answer, Rule

_NORTH = "north-high"

_FOREIGN = (
    Answer(status=404, body="<html>Not Found</html>", headers={"Content-Type": "text/html"}),
    Answer(status=404, body='{"message":"no Route matched with those values"}'),
    Answer(status=404, body='{"error_code":404,"message":"HTTP 404 Not Found"}'),
    Answer(status=200, body="<html>Sign in</html>", headers={"Content-Type": "text/html"}),
    Answer(status=200, body="[]"),
    Answer(status=200, body='{"schema":7}'),
    Answer(status=302, body="", headers={"Location": "/login"}),
    Answer(status=401, body='{"error_code":401,"message":"Unauthorized"}'),
    Answer(status=422, body='{"error_code":40403,"message":"Schema not found"}'),
    Answer(status=503, body="upstream connect error"),
)
"""What proxies, ingresses and registries that start say in place of a schema."""


@BOOK.row(
    76,
    "what stands before the registry answers in its place, in ten ways",
    expected="waited out: no dead letter, no end of a process",
)
async def foreign_answers(scene: Scene) -> None:
    since = len(scene.calls())
    events: list[SimulatedRecord] = []
    rules: list[Rule] = []
    for number, (answer, student) in enumerate(zip(_FOREIGN, people(scene, _NORTH, len(_FOREIGN)), strict=True)):
        encoder = _registered(scene, _with_a_note(f"note_{scene.window:.0f}_{number}"))
        rules.append(Rule(route="registry.schema", temper=answer, containing=(f"/schemas/ids/{encoder.schema_id}",)))
        with _written_by(scene, encoder):
            events.append(scene.event(_NORTH, student, 1))
    scene.tempers(*rules)
    await scene.produce(events)

    async def all_met() -> bool:
        return met(scene, since) > 0

    await scene.until("a look-up is answered by something else", all_met, seconds=60)
    await scene.sleep()
    scene.fire("foreign answer", met(scene, since))
    letters = sum(replica.log().count('"unknown_schema"') for replica in scene.replicas)
    expected = sum(record.breakage == "unknown_schema" for record in scene.records)
    scene.tempers()
    await scene.until("all are carried out", partial(settled, scene, [event.student_id for event in events]))
    await scene.loaded()
    scene.expect(letters <= expected, "an event became a dead letter because of what stood before the registry")
    scene.expect(scene.exits() == 0, "a replica ended")


@BOOK.row(
    77,
    "writers' schemas with references, logical types and ill defaults",
    expected="read",
)
async def odd_writers(scene: Scene) -> None:
    store, topic = scene.installation.world.schemas, scene.installation.service.topics.status_changed
    store.set_level(f"{topic}-value", "NONE")
    referring, references = _with_references(scene)
    encoders = [
        Encoder(_plain(), store.register(f"{topic}-value", json.dumps(referring), references)),
        _registered(scene, _with_logical_types()),
        _registered(scene, _with_a_note("ill")),
    ]
    # Our registry takes no ill default; others do, and answer like this.
    ill = json.dumps({"schema": json.dumps(_with_an_ill_default("ill"))})
    asked = f"/schemas/ids/{encoders[-1].schema_id}"
    scene.tempers(Rule(route="registry.schema", temper=Answer(status=200, body=ill), containing=(asked,)))
    since = len(scene.calls())
    events: list[SimulatedRecord] = []
    for number, encoder in enumerate(encoders):
        with _written_by(scene, encoder):
            events += [scene.event(_NORTH, student, 1) for student in people(scene, _NORTH, 3, first=3 * number)]
    await scene.produce(events)
    await scene.until("all are carried out", partial(settled, scene, [event.student_id for event in events]))
    scene.fire("event by an odd writer", len(events))
    scene.fire("ill default answered", met(scene, since))
    scene.expect(scene.exits() == 0, "a replica ended")


def _plain() -> dict[str, Any]:
    return copy.deepcopy(dict(schema(STATUS_CHANGED)))


def _with_a_note(name: str) -> Mapping[str, Any]:
    """A newer schema: one more field, that its readers need not know."""
    newer = _plain()
    newer["fields"].append({"name": name, "type": ["null", "string"], "default": None})
    return newer


def _with_references(scene: Scene) -> tuple[Mapping[str, Any], Sequence[Reference]]:
    """The same, with the status and the student each under a subject of its own."""
    written = _plain()
    references: list[Reference] = []
    for field in written["fields"]:
        if field["name"] in {"status", "student"}:
            inner = {**field["type"], "namespace": written["namespace"]}
            name = f"{inner['namespace']}.{inner['name']}"
            subject = f"{scene.installation.service.topics.status_changed}-{field['name']}"
            scene.installation.world.schemas.register(subject, json.dumps(inner))
            references.append(Reference(name, subject, 1))
            field["type"] = name
    return written, references


def _with_logical_types() -> Mapping[str, Any]:
    """Time in microseconds, ids as UUIDs, and logical types that nobody knows."""
    written = _plain()
    for field in written["fields"]:
        if field["name"] == "occurred_at":
            field["type"] = {"type": "long", "logicalType": "timestamp-micros"}
        elif field["name"] == "event_id":
            field["type"] = {"type": "string", "logicalType": "uuid"}
        elif field["name"] == "tenant_id":
            field["type"] = {"type": "string", "logicalType": "slug", "avro.java.string": "String"}
    return written


def _with_an_ill_default(name: str) -> Mapping[str, Any]:
    """The same bytes as by `_with_a_note`; the default is none of the field's type, and no reader needs a writer's."""
    written = _with_a_note(name)
    written["fields"][-1]["default"] = 7
    return written


def _registered(scene: Scene, written: Mapping[str, Any]) -> Encoder:
    subject = f"{scene.installation.service.topics.status_changed}-value"
    return Encoder(written, scene.installation.world.schemas.register(subject, json.dumps(written)))


@contextmanager
def _written_by(scene: Scene, encoder: Encoder) -> Generator[None]:
    known, scene.encoder = scene.encoder, encoder
    try:
        yield
    finally:
        scene.encoder = known
