"""Registry: what stands before it answers in its place, and writers register schemas of every shape."""

import copy
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from consumer.codec.schemas import STATUS_CHANGED, schema
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.injected import met
from proof.chaos.rows.students import people, settled
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.registry import Reference

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
async def foreign_answers(experiment: Experiment) -> None:
    since = len(experiment.calls())
    events: list[SimulatedRecord] = []
    rules: list[FaultRule] = []
    for number, (answer, student) in enumerate(zip(_FOREIGN, people(experiment, _NORTH, len(_FOREIGN)), strict=True)):
        encoder = _registered(experiment, _with_a_note(f"note_{experiment.window:.0f}_{number}"))
        rules.append(
            FaultRule(route="registry.schema", fault=answer, containing=(f"/schemas/ids/{encoder.schema_id}",))
        )
        with _written_by(experiment, encoder):
            events.append(experiment.event(_NORTH, student, 1))
    experiment.faults(*rules)
    await experiment.produce(events)

    async def all_met() -> bool:
        return met(experiment, since) > 0

    await experiment.until("a look-up is answered by something else", all_met, seconds=60)
    await experiment.sleep()
    experiment.fire("foreign answer", met(experiment, since))
    dead_letters = sum(replica.log().count('"unknown_schema"') for replica in experiment.replicas)
    expected = sum(record.breakage == "unknown_schema" for record in experiment.records)
    experiment.faults()
    await experiment.until("all are carried out", partial(settled, experiment, [event.student_id for event in events]))
    await experiment.loaded()
    experiment.expect(
        dead_letters <= expected, "an event became a dead letter because of what stood before the registry"
    )
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(
    77,
    "writers' schemas with references, logical types and ill defaults",
    expected="read",
)
async def odd_writers(experiment: Experiment) -> None:
    store, topic = experiment.installation.world.schemas, experiment.installation.service.topics.status_changed
    store.set_level(f"{topic}-value", "NONE")
    referring, references = _with_references(experiment)
    encoders = [
        Encoder(_plain(), store.register(f"{topic}-value", json.dumps(referring), references)),
        _registered(experiment, _with_logical_types()),
        _registered(experiment, _with_a_note("ill")),
    ]
    # Our registry takes no ill default; others do, and answer like this.
    ill = json.dumps({"schema": json.dumps(_with_an_ill_default("ill"))})
    asked = f"/schemas/ids/{encoders[-1].schema_id}"
    experiment.faults(FaultRule(route="registry.schema", fault=Answer(status=200, body=ill), containing=(asked,)))
    since = len(experiment.calls())
    events: list[SimulatedRecord] = []
    for number, encoder in enumerate(encoders):
        with _written_by(experiment, encoder):
            events += [
                experiment.event(_NORTH, student, 1) for student in people(experiment, _NORTH, 3, first=3 * number)
            ]
    await experiment.produce(events)
    await experiment.until("all are carried out", partial(settled, experiment, [event.student_id for event in events]))
    experiment.fire("event by an odd writer", len(events))
    experiment.fire("ill default answered", met(experiment, since))
    experiment.expect(experiment.exits() == 0, "a replica ended")


def _plain() -> dict[str, Any]:
    return copy.deepcopy(dict(schema(STATUS_CHANGED)))


def _with_a_note(name: str) -> Mapping[str, Any]:
    """A newer schema: one more field, that its readers need not know."""
    newer = _plain()
    newer["fields"].append({"name": name, "type": ["null", "string"], "default": None})
    return newer


def _with_references(experiment: Experiment) -> tuple[Mapping[str, Any], Sequence[Reference]]:
    """The same, with the status and the student each under a subject of its own."""
    written = _plain()
    references: list[Reference] = []
    for field in written["fields"]:
        if field["name"] in {"status", "student"}:
            inner = {**field["type"], "namespace": written["namespace"]}
            name = f"{inner['namespace']}.{inner['name']}"
            subject = f"{experiment.installation.service.topics.status_changed}-{field['name']}"
            experiment.installation.world.schemas.register(subject, json.dumps(inner))
            references.append(Reference(name, subject, 1))
            field["type"] = name
    return written, references


def _with_logical_types() -> Mapping[str, Any]:
    """Time in microseconds, ids as UUIDs, and unknown logical types."""
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


def _registered(experiment: Experiment, written: Mapping[str, Any]) -> Encoder:
    subject = f"{experiment.installation.service.topics.status_changed}-value"
    return Encoder(written, experiment.installation.world.schemas.register(subject, json.dumps(written)))


@contextmanager
def _written_by(experiment: Experiment, encoder: Encoder) -> Generator[None]:
    known, experiment.encoder = experiment.encoder, encoder
    try:
        yield
    finally:
        experiment.encoder = known
