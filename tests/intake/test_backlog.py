"""How far intake is behind, record by record and partition by partition."""

from consumer.ledger.port.inbox import Disposition
from tests.intake.rig import Rig


def sample(rig: Rig, name: str, **labels: str) -> float | None:
    return rig.metrics.registry.get_sample_value(name, labels)


def in_time(rig: Rig, seconds: str) -> float | None:
    """How many took no longer."""
    return sample(rig, "provisioner_time_to_ledger_seconds_bucket", le=seconds)


def test_events_are_counted_by_the_time_that_kafka_has_had_them(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"applied S2 1", b"garbage", written=rig.now - 40)
    rig.topic.feed(b"enrolled S3 1", written=rig.now - 2)
    rig.turn()
    assert (in_time(rig, "2.5"), in_time(rig, "30.0"), in_time(rig, "60.0")) == (1, 1, 4)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING, "S3/1": Disposition.PENDING}
    assert len(rig.reasons()) == 1


def test_events_without_a_time_are_not_counted(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert in_time(rig, "+Inf") == 0


def test_what_is_kept_without_a_database_grows_old(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", written=rig.now)
    rig.ledger.away = True
    rig.turn(3, seconds=20)
    assert sample(rig, "provisioner_intake_age_seconds") == 40
    rig.ledger.away = False
    rig.turn(3, seconds=20)
    assert sample(rig, "provisioner_intake_age_seconds") == 0


def test_so_does_what_waits_for_its_schema(rig: Rig) -> None:
    rig.reader.away = True
    rig.topic.feed(b"enrolled S1 1 newer", written=rig.now)
    rig.turn(2, seconds=20)
    assert sample(rig, "provisioner_intake_age_seconds") == 20
    assert in_time(rig, "+Inf") == 0


def test_the_lag_of_a_partition_is_what_lies_behind_what_is_done(rig: Rig) -> None:
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.turn()
    assert sample(rig, "provisioner_intake_lag_records", partition="0") == 2
    rig.ledger.away = False
    rig.turn(3)
    assert sample(rig, "provisioner_intake_lag_records", partition="0") == 0


def test_a_partition_that_was_revoked_has_no_lag_here(rig: Rig) -> None:
    rig.consumer.rebalance("assign", 1)
    rig.turn(2)
    rig.consumer.rebalance("revoke", 0)
    rig.turn(seconds=0)
    lags = [sample(rig, "provisioner_intake_lag_records", partition=number) for number in ("0", "1")]
    assert lags == [None, 0]


def test_an_end_that_is_not_known_yet_is_no_lag(rig: Rig) -> None:
    rig.consumer.ends_known = False
    rig.turn()
    assert sample(rig, "provisioner_intake_lag_records", partition="0") is None
