"""Dead letters: what can't be taken is kept where it can be looked at, once, and only then passed over."""

from confluent_kafka import KafkaError

from consumer.codec.dead_letters import REASON_HEADER
from consumer.ledger.port.inbox import Disposition
from proof.simulation.kafka.topic import Record
from tests.intake.rig import Rig
from tests.simulated_kafka import Sent
from tests.simulated_kafka import too_large as too_large_error


def test_what_cant_be_read_goes_to_the_dead_letters_with_its_place_and_reason(rig: Rig) -> None:
    rig.topic.feed(b"garbage")
    rig.turn()
    (dead_letter,) = rig.producer.sent
    assert (dead_letter.value, dead_letter.key) == (b"garbage", b"north-high/S1")
    assert dead_letter.headers[REASON_HEADER] == b"undecodable"
    assert dead_letter.headers["__connect.errors.topic"] == b"events"
    assert dead_letter.headers["__connect.errors.offset"] == b"0"
    assert rig.topic.commits == {0: 1}


def test_a_status_that_no_one_listed_is_a_dead_letter(rig: Rig) -> None:
    rig.topic.feed(b"graduated S1 1")
    rig.turn()
    assert rig.reasons() == [b"unlisted_status"]


def test_an_event_id_that_was_used_for_something_else_is_a_dead_letter(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1 Maria", b"enrolled S1 1 Eleni")
    rig.turn()
    assert rig.reasons() == [b"reused_id"]
    assert rig.topic.commits == {0: 2}


def test_a_dead_letter_that_was_not_acknowledged_keeps_its_offset_back(rig: Rig) -> None:
    rig.producer.deaf = True
    rig.topic.feed(b"enrolled S1 1", b"garbage")
    rig.turn(2)
    assert rig.topic.commits == {}
    rig.producer.deaf = False
    rig.turn(3)
    assert rig.topic.commits == {0: 2}
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}


def test_a_dead_letter_too_large_for_the_cluster_is_sent_without_its_value(rig: Rig) -> None:
    def too_large(sent: Sent) -> KafkaError | None:
        return too_large_error() if sent.value else None

    rig.producer.trouble = too_large
    rig.topic.feed(b"garbage")
    rig.turn()
    (dead_letter,) = rig.producer.sent
    assert dead_letter.value is None
    assert str(dead_letter.headers["provisioner-value-omitted"]).startswith("b'7 bytes, sha-256 ")
    assert rig.topic.commits == {0: 1}


def test_a_letter_that_is_still_on_its_way_is_not_produced_again(rig: Rig) -> None:
    rig.producer.deaf = True
    rig.topic.feed(b"garbage")
    rig.turn(5)
    rig.producer.deaf = False
    rig.turn(3)
    assert rig.reasons() == [b"undecodable"]
    assert rig.topic.commits == {0: 1}


def test_letters_that_the_cluster_has_are_not_repeated_for_one_that_it_refuses(rig: Rig) -> None:
    def refuse(sent: Sent) -> KafkaError | None:
        return KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED) if sent.value is None else None

    rig.producer.trouble = refuse
    rig.topic.feed(b"garbage", None)
    rig.turn(3)
    assert rig.topic.commits == {}
    assert rig.paused("dead_letters") == 1
    rig.producer.trouble = lambda _: None
    rig.turn(3)
    assert rig.reasons() == [b"undecodable", b"null_value"]
    assert rig.topic.commits == {0: 2}


def test_a_key_too_large_for_the_cluster_is_left_out_as_well(rig: Rig) -> None:
    def too_large(sent: Sent) -> KafkaError | None:
        return too_large_error() if len(sent.value or b"") + len(sent.key or b"") > 1_000 else None

    rig.producer.trouble = too_large
    rig.topic.records[0].append(Record(("events", 0, 0), b"garbage", sent_key=b"k" * 5_000))
    rig.turn()
    (dead_letter,) = rig.producer.sent
    assert (dead_letter.value, dead_letter.key) == (None, None)


def test_a_producer_that_has_given_itself_up_is_replaced(rig: Rig) -> None:
    rig.producer.trouble = lambda _: KafkaError(KafkaError._FATAL)
    rig.topic.feed(b"garbage")
    rig.turn()
    assert rig.topic.commits == {}
    rig.turn(2)
    assert len(rig.producers) == 2
    assert rig.reasons() == [b"undecodable"]
    assert rig.topic.commits == {0: 1}


def test_what_a_given_up_producer_had_on_its_way_is_sent_again(rig: Rig) -> None:
    rig.producer.deaf = True
    rig.topic.feed(b"garbage")
    rig.turn()
    rig.producer.deaf = False
    rig.producer.trouble = lambda _: KafkaError(KafkaError._FATAL)
    rig.turn(4)
    assert rig.reasons() == [b"undecodable"]
    assert rig.topic.commits == {0: 1}
