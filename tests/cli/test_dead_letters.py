"""`provisioner dead-letters`: shown without what is in them, and sent in again once."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Message, Producer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.dead_letters import ShownLetter
from consumer.cli.letter_replay import ReplayedLetter
from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.events import Provider
from consumer.kafka import consumer_config, headers_of
from consumer.ledger.acts import Acts
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.replay.letters import DeadLetterNotes
from consumer.replay.reading import RetainedRecords
from consumer.settings import KafkaSettings
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import REGISTRY, World
from tests.cli.shapes import lines_matching, matching
from tests.codec.conftest import event
from tests.configuration.files import Files
from tests.replay.letters import headers_of_letter

pytestmark = pytest.mark.parts

PERSON = ("Ελένη", "O'Neill", "home.example")
OWN = [("traceparent", b"00-1")]


class Cluster:
    """A topic of events and one of dead letters, with the service's files and its ledger."""

    def __init__(self, kafka: str, events: str, letters: str, config: Path, engine: Engine, encoder: Encoder) -> None:
        self.kafka = KafkaSettings(bootstrap_servers=kafka)
        self.events, self.letters, self.config, self.engine = events, letters, config, engine
        self._encoder = encoder
        self._producer = Producer({"bootstrap.servers": kafka})

    def value(self, student: str, *, status: str = "enrolled", tenant: str = "north-high") -> bytes:
        row = {"id": status, "name": status, "type": "T"}
        about = {"tenant_id": tenant, "status": row, "student": {"student_id": student}}
        return self._encoder.encode(event(event_id=f"{student}/1", **about))

    def put(self, value: bytes, *, key: bytes = b"north-high/S1", topic: str | None = None, **about: Any) -> None:
        headers: Any = headers_of_letter(OWN, topic=topic or self.events, partition=1, **about)
        self._producer.produce(self.letters, value, key, 0, headers=headers)
        assert self._producer.flush(30) == 0

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        whole = ["dead-letters", *arguments, "--config", str(self.config)]
        return CliRunner().invoke(app, whole, env={"COLUMNS": "200", "KEY": "x"}, input=answer)

    def sent(self) -> Sequence[Message]:
        return [record for record, _ in RetainedRecords(consumer_config(self.kafka), self.events)]


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[tuple[World, VendorServer]]:
    institution = Institution("north-high", "North High", (Provider.MICROSOFT,))
    world = World((institution,), tmp_path, clock=time.time, seed=1)
    with ServedInThread(world.server) as server:
        yield world, server


@pytest.fixture
def cluster(
    tmp_path: Path,
    kafka: str,
    database_url: str,
    create_topic: Callable[..., str],
    unique_name: str,
    vendors: tuple[World, VendorServer],
) -> Iterator[Cluster]:
    world, server = vendors
    events, letters = create_topic("events", 2), create_topic("dead")
    (tmp_path / "files").mkdir()
    files = Files(tmp_path / "files")
    settings = {
        "kafka": {
            "bootstrap_servers": kafka,
            "group_id": unique_name,
            "topics": {"status_changed": events, "dead_letters": letters},
        },
        "registry": {"url": server.url(REGISTRY), "ca_file": str(world.authority.ca_file)},
        "database": {"url": database_url},
        "vault": [{"id": "k", "key": "env:KEY"}],
        "tenants_dir": str(files.tenant.parent),
        "templates_dir": str(files.root / "templates"),
    }
    files.service.write_text(yaml.safe_dump(settings))
    engine = open_engine(database_url)
    upgrade(engine)
    encoder = Encoder(schema(STATUS_CHANGED), world.schemas.register(f"{events}-value", schema_text(STATUS_CHANGED)))
    yield Cluster(kafka, events, letters, files.service, engine, encoder)
    engine.dispose()


def test_letters_are_listed_with_their_places_and_without_what_is_in_them(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    cluster.put(b"\x9b31m Maria", key=b"maria@home.example", reason=DeadLetterReason.WRONG_MAGIC, offset=8)
    result = cluster.run("list")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.endswith(f"0/0  north-high  unlisted_status  from {cluster.events} 1/1021")
    assert second.endswith(f"0/1  -  wrong_magic  from {cluster.events} 1/8")
    assert [word for word in (*PERSON, "Maria", "maria") if word in result.output] == []
    assert "2 dead letters." in result.stderr


def test_programs_read_one_object_a_line(cluster: Cluster) -> None:
    for reason in (DeadLetterReason.UNLISTED_STATUS, DeadLetterReason.UNKNOWN_TENANT):
        cluster.put(cluster.value("S1"), reason=reason)
    listed = lines_matching(DeadLetterNotes, cluster.run("list", "--json").stdout)
    assert [(one["offset"], one["reason"], one["replays"]) for one in listed] == [
        (0, "unlisted_status", 0),
        (1, "unknown_tenant", 0),
    ]


@pytest.mark.parametrize(
    ("options", "offsets"),
    [
        (("--tenant", "north-high"), [0, 2]),
        (("--reason", "unknown_tenant"), [1]),
        (("--limit", "2"), [0, 1]),
        (("--since", "1h"), [0, 1, 2]),
        (("--since", "2999-01-01"), []),
    ],
)
def test_a_list_is_narrowed_down(cluster: Cluster, options: tuple[str, ...], offsets: list[int]) -> None:
    cluster.put(cluster.value("S1"))
    cluster.put(cluster.value("S2", tenant="west"), key=b"west/S2", reason=DeadLetterReason.UNKNOWN_TENANT)
    cluster.put(cluster.value("S3"))
    listed = lines_matching(DeadLetterNotes, cluster.run("list", *options, "--json").stdout)
    assert [one["offset"] for one in listed] == offsets


def test_one_is_shown_with_what_would_become_of_it(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    result = cluster.run("show", "0", "0")
    assert result.exit_code == 0
    assert "It would be accepted: create_account." in result.stdout
    assert [word for word in PERSON if word in result.output] == []
    shown = matching(ShownLetter, cluster.run("show", "0", "0", "--json").stdout)
    assert (shown["letter"]["offset"], shown["now"]["student_id"], shown["event"]) == (0, "S1", None)


def test_the_event_is_shown_to_who_says_that_names_may_be(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    assert cluster.run("show", "0", "0", "--value").exit_code == 2
    shown = json.loads(cluster.run("show", "0", "0", "--value", "--names", "--json").stdout)
    assert shown["event"]["student"]["family_name"] == "O'Neill"
    assert "O'Neill" in cluster.run("show", "0", "0", "--value", "--names").stdout


def test_where_there_is_no_letter_it_says_so(cluster: Cluster) -> None:
    for command in ("show", "replay"):
        result = cluster.run(command, "0", "7")
        assert result.exit_code == 1
        assert "provisioner dead-letters list" in result.stderr


def test_a_letter_is_sent_in_again_as_it_was_and_recorded(cluster: Cluster) -> None:
    value = cluster.value("S1")
    cluster.put(value)
    result = cluster.run("replay", "0", "0", "--yes", "--by", "ada", "--why", "the status is listed now")
    assert result.exit_code == 0
    (record,) = cluster.sent()
    assert (record.partition(), record.value(), record.key()) == (1, value, b"north-high/S1")
    assert headers_of(record) == [*OWN, ("provisioner-replayed-letter", b"0/0")]
    (act,) = Acts(cluster.engine).of_student("north-high", "S1")
    assert (act.kind, act.by, act.why) == ("letters_replayed", "ada", "the status is listed now")
    assert act.about == {"partition": 0, "offset": 0}
    (listed,) = lines_matching(DeadLetterNotes, cluster.run("list", "--json").stdout)
    assert listed["replays"] == 1


def test_a_second_time_it_is_refused_unless_that_is_asked_for(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    cluster.run("replay", "0", "0", "--yes", "--by", "ada")
    refused = cluster.run("replay", "0", "0", "--yes", "--by", "eve")
    assert refused.exit_code == 1
    assert "It was replayed by ada at " in refused.stderr
    assert len(cluster.sent()) == 1
    assert cluster.run("replay", "0", "0", "--yes", "--again").exit_code == 0
    assert len(cluster.sent()) == 2


def test_one_that_would_be_a_dead_letter_again_is_refused_with_the_reason(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1", status="visiting"))
    refused = cluster.run("replay", "0", "0", "--yes")
    assert refused.exit_code == 1
    assert "No row of the tenant's status table is for this status and student." in refused.stderr
    assert cluster.sent() == []
    assert cluster.run("replay", "0", "0", "--yes", "--force").exit_code == 0
    assert len(cluster.sent()) == 1


def test_one_from_a_topic_that_is_not_read_is_not_even_sent_by_force(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"), topic=cluster.letters)
    refused = cluster.run("replay", "0", "0", "--yes", "--force")
    assert refused.exit_code == 1
    assert "It came from another topic" in refused.stderr
    assert list(Acts(cluster.engine).listed()) == []


def test_it_asks_first(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    result = cluster.run("replay", "0", "0", answer="n\n")
    assert result.exit_code == 1
    assert f"1 of 1 dead letters would be sent to `{cluster.events}` again. Send them now?" in result.output
    assert cluster.sent() == []
    assert list(Acts(cluster.engine).listed()) == []


def test_all_for_one_reason_are_sent_but_those_that_would_not_be_accepted(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    cluster.put(cluster.value("S2", status="visiting"))
    cluster.put(cluster.value("S3"))
    cluster.put(b"garbage", reason=DeadLetterReason.WRONG_MAGIC)
    result = cluster.run("replay", "--reason", "unlisted_status", "--yes", "--json")
    assert result.exit_code == 3
    replayed = lines_matching(ReplayedLetter, result.stdout)
    assert [(one["offset"], one["choice"], one["sent"]) for one in replayed] == [
        (0, "send", True),
        (1, "dead_letter_again", False),
        (2, "send", True),
    ]
    assert sorted(one["now"]["student_id"] for one in replayed if one["sent"]) == ["S1", "S3"]
    assert len(cluster.sent()) == 2
    (act,) = Acts(cluster.engine).listed()
    assert (act.students, act.about) == (2, {"reason": "unlisted_status"})


def test_a_dry_run_says_of_each_what_would_become_of_it_and_sends_nothing(cluster: Cluster) -> None:
    cluster.put(cluster.value("S1"))
    cluster.put(cluster.value("S2", status="visiting"))
    result = cluster.run("replay", "--since", "1h", "--dry-run")
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "0/0  send  It would be accepted: create_account.",
        "0/1  dead_letter_again  No row of the tenant's status table is for this status and student.",
    ]
    assert cluster.sent() == []
    assert list(Acts(cluster.engine).listed()) == []


@pytest.mark.parametrize("arguments", [(), ("0",), ("0", "0", "--reason", "unlisted_status")])
def test_what_is_to_be_sent_must_be_named_in_one_way(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    assert cluster.run("replay", *arguments, "--yes").exit_code == 2
