"""Acts of operators: written down by the transaction that carries them out, and read by people."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from bench.plans import scanned
from consumer.ledger.acts import ActKind, Acts, Operator, Recording
from consumer.ledger.engine import transaction

pytestmark = pytest.mark.parts

ADA = Operator("ada", "the school has bought licences")
MANY = """
    INSERT INTO operator_act (at, kind, tenant_id, acted_by, why, about)
      SELECT now() - n * interval '1 min', 'student_retried', 't' || n % 100, 'ada', '', '{}' FROM generate_series(1, 20000) AS n;
    INSERT INTO operator_act_student (tenant_id, student_id, act_id)
      SELECT 't' || n % 100, 's' || n, n FROM generate_series(1, 20000) AS n;
    ANALYZE operator_act; ANALYZE operator_act_student
"""


def act(engine: Engine, *students: str, tenant: str = "north", by: Operator = ADA, **about: str | int) -> None:
    with transaction(engine) as connection:
        Recording(ActKind.TENANT_RESUMED, by, tenant_id=tenant, **about).write(connection, students)


def test_an_act_says_who_did_what_why_when_and_for_how_many(engine: Engine) -> None:
    act(engine, "s1", "s2", service="google")
    (found,) = Acts(engine).listed()
    assert (found.by, found.kind, found.why) == ("ada", "tenant_resumed", "the school has bought licences")
    assert (found.tenant_id, found.students, found.about) == ("north", 2, {"service": "google"})
    assert abs(datetime.now(UTC) - found.at) < timedelta(minutes=1)


def test_an_act_that_is_rolled_back_leaves_no_record(engine: Engine) -> None:
    recording = Recording(ActKind.TENANT_RESUMED, ADA, tenant_id="north")

    def fails() -> None:
        with transaction(engine) as connection:
            recording.write(connection, ["s1"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert list(Acts(engine).listed()) == []


def test_an_act_in_several_transactions_is_one_with_the_students_of_all(engine: Engine) -> None:
    recording = Recording(ActKind.TENANT_RESUMED, ADA, tenant_id="north")
    for page in (["s1", "s2"], ["s3"], []):
        with transaction(engine) as connection:
            recording.write(connection, page)
    (found,) = Acts(engine).listed()
    assert found.students == 3


def test_acts_are_read_page_by_page_in_the_order_of_time(engine: Engine) -> None:
    for number in range(5):
        act(engine, number=number)
    assert [found.about["number"] for found in Acts(engine, page=2).listed()] == [0, 1, 2, 3, 4]


def test_those_of_one_tenant_are_read_alone(engine: Engine) -> None:
    act(engine)
    act(engine, tenant="south")
    assert [found.tenant_id for found in Acts(engine).listed(tenant_id="south")] == ["south"]


def test_those_before_a_time_are_left_out(engine: Engine) -> None:
    act(engine, number=1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE operator_act SET at = at - interval '2 hours'"))
    act(engine, number=2)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert [found.about["number"] for found in Acts(engine).listed(since=since)] == [2]


def test_of_a_student_those_are_read_that_concerned_the_student(engine: Engine) -> None:
    act(engine, "s1", number=1)
    act(engine, "s2", number=2)
    act(engine, "s1", tenant="south", number=3)
    assert [found.about["number"] for found in Acts(engine).of_student("north", "s1")] == [1]


def test_an_act_of_a_newer_version_is_read_as_it_is(engine: Engine) -> None:
    act(engine, "s1")
    with engine.begin() as connection:
        connection.execute(text("UPDATE operator_act SET kind = 'levitated'"))
    assert [found.kind for found in Acts(engine).of_student("north", "s1")] == ["levitated"]


def test_no_table_is_scanned(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in MANY.split(";"):
            connection.execute(text(statement))
    acts, since = Acts(engine), datetime.now(UTC) - timedelta(hours=1)
    assert len(acts.of_student("t7", "s7")) == 1
    assert len(list(acts.listed(since=since))) == 59
    assert scanned(engine, lambda: list(acts.listed(since=since))) == set()
    assert scanned(engine, lambda: list(acts.listed(tenant_id="t7", since=since))) == set()
    assert scanned(engine, lambda: acts.of_student("t7", "s7")) == set()
