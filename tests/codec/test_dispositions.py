"""Ten thousand records, and ten thousand answers of a registry: the process lives, and every record has a disposition.

Chance is cheap, as the number is what counts; `test_generated.py` looks for the odd one.
"""

import json
import random
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.reader import EventReader
from consumer.codec.registry import Registry
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.codec.wire import SCHEMA_HEADER, framed
from consumer.configuration.loading import load_tenants
from consumer.intake.batch import BatchReader, IntakeBatch
from consumer.policy.decision import DecisionTable
from proof.simulation.kafka.topic import Record
from tests.codec.conftest import GUID, OURS, FakeSchemas, event, payload
from tests.intake.rig import ROOT

MANY = 10_000
STATUSES = ("enrolled", "applied", "no such status")


@cache
def decisions() -> DecisionTable:
    return DecisionTable.of([tenant for tenant, _ in load_tenants(ROOT / "config/tenants")])


def dispositions(batch: IntakeBatch) -> int:
    settled = batch.skips.total() + len(batch.arrivals) + len(batch.dead_letters)
    return settled + len(batch.unknown) + len(batch.waiting)


@pytest.fixture
def rng() -> random.Random:
    return random.Random(9)  # noqa: S311  repeatable


@pytest.mark.computes
def test_every_record_has_a_disposition(rng: random.Random) -> None:
    schemas = FakeSchemas()
    schemas.known |= dict(enumerate(TEXTS, start=2))
    batches = BatchReader(EventReader(schemas), decisions)
    wholes = [payload(_event(status)) for status in STATUSES]
    reasons: set[DeadLetterReason] = set()
    acts = skips = 0
    for first in range(0, MANY, 500):
        schemas.away = rng.random() < 0.1
        records = [_record(offset, rng, wholes, len(schemas.known) + 2) for offset in range(first, first + 500)]
        batch = batches.batch(records, set())
        assert dispositions(batch) == len(records)
        assert batch.size == len(records) - len(batch.waiting)
        reasons |= {dead_letter.reason for dead_letter in batch.dead_letters}
        cancelling = sum(taken.skip is not None for taken in batch.arrivals)
        acts, skips = acts + len(batch.arrivals) - cancelling, skips + batch.skips.total() + cancelling
    assert acts > MANY / 100
    assert skips > MANY / 100
    assert reasons >= {
        DeadLetterReason.NULL_VALUE,
        DeadLetterReason.WRONG_MAGIC,
        DeadLetterReason.UNKNOWN_SCHEMA,
        DeadLetterReason.INCOMPATIBLE_SCHEMA,
        DeadLetterReason.UNDECODABLE,
        DeadLetterReason.INVALID_CONTENT,
        DeadLetterReason.UNLISTED_STATUS,
    }


@pytest.mark.computes
def test_whatever_the_registry_answers_every_record_has_a_disposition(rng: random.Random) -> None:
    transport = httpx.MockTransport(lambda _: _answer(rng))
    with httpx.Client(base_url="http://registry", transport=transport, trust_env=False) as client:
        batches = BatchReader(EventReader(Registry(client)), decisions)
        body = payload(_event("enrolled"))
        ends = {"read": 0, "waits": 0}
        reasons: set[DeadLetterReason] = set()
        for ident in range(1, MANY + 1):
            batch = batches.batch([Record(("events", 0, ident), framed(ident, body))], set())
            assert dispositions(batch) == 1
            ends["read"] += len(batch.arrivals)
            ends["waits"] += len(batch.waiting)
            reasons |= {dead_letter.reason for dead_letter in batch.dead_letters}
    assert min(ends.values()) > MANY / 100
    assert reasons == {
        DeadLetterReason.UNKNOWN_SCHEMA,
        DeadLetterReason.INCOMPATIBLE_SCHEMA,
        DeadLetterReason.UNDECODABLE,
    }


def _event(status: str) -> dict[str, Any]:
    return event(status={"id": status, "name": "x", "type": "x"})


def _writers() -> list[str]:
    """Schemas that read, that do not, and that recurse."""
    link = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}
    extras: list[Any] = ["string", {"type": "array", "items": "null"}, link, {"type": "map", "values": link}, "Unknown"]
    written = [schema(STATUS_CHANGED) for _ in extras]
    for changed, extra in zip(written, extras, strict=True):
        changed["fields"].insert(0, {"name": "extra", "type": extra, "default": None})
    return [json.dumps(changed) for changed in written] + ["", "7", '"string"']


TEXTS = [schema_text(STATUS_CHANGED)] * 5 + _writers()


def _record(offset: int, rng: random.Random, wholes: list[bytes], ids: int) -> Record:
    place = ("events", rng.randrange(4), offset)
    body = _damaged(rng.choice(wholes), rng)
    match rng.randrange(10):
        case 0:
            return Record(place, rng.choice([None, b"", b"\x00", rng.randbytes(rng.randrange(40))]))
        case 1:
            header = rng.choice([b"\x01" + GUID.bytes, b"\x01" + UUID(int=0).bytes, b"", rng.randbytes(17), None])
            return Record(place, body, [(SCHEMA_HEADER, header)])
        case 2 | 3:
            head = rng.choice([b"", b"\x02" * rng.randrange(3_000), rng.randbytes(9)])
            return Record(place, framed(rng.randrange(ids), head + body))
        case _:
            return Record(place, framed(OURS, body))


def _damaged(value: bytes, rng: random.Random) -> bytes:
    """The value whole, or with bits turned, torn off, put in, or forged into a huge length."""
    damaged = bytearray(value)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        at = rng.randrange(len(damaged)) if damaged else 0
        match rng.randrange(5):
            case 0:
                damaged[at : at + 1] = rng.randbytes(1)
            case 1:
                del damaged[at:]
            case 2:
                damaged[at:at] = rng.randbytes(rng.randint(1, 12))
            case 3:
                damaged += value
            case _:
                damaged[at : at + 5] = b"\xff" * 9 + b"\x01"
    return bytes(damaged)


def _answer(rng: random.Random) -> httpx.Response:
    status = rng.choice([200, 200, 200, 404, 404, 409, 422, 500, rng.randrange(200, 600)])
    odd_references: list[Any] = [None, [], [{"name": "a", "subject": "a", "version": 1}], {}, [7]]
    whole: dict[str, Any] = {
        "schema": rng.choice(TEXTS),
        "schemaType": rng.choice(["AVRO", "AVRO", None, "JSON", 7]),
        "references": rng.choice(odd_references),
        "error_code": rng.choice([40403, 40403, 40401, 404, "40403", None]),
        "message": rng.choice(["x", None, 7]),
    }
    answer = {name: value for name, value in whole.items() if rng.random() < 0.7}
    body = json.dumps(rng.choice([answer] * 8 + [[answer], None])).encode()
    if rng.random() < 0.1:
        body = _damaged(body, rng)
    headers = {"Content-Type": rng.choice(["application/json", "text/html"]), "Location": "//xn--/"}
    return httpx.Response(status, headers=headers, content=body)
