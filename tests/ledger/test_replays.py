"""Replays of dead letters: begun before a record is sent, by one command at most, and written down as acts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from consumer.ledger.acts import Acts, Operator
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.replays import Concerned, Letter, ReplayRun, Replays
from tests.ledger.conftest import Given, OnPostgres, arrival, event

pytestmark = pytest.mark.parts

ADA = Operator("ada", "the status is listed now")
FIRST, SECOND = Letter(0, 7), Letter(0, 8)
CONCERNED = (Concerned(FIRST, "north", "s1"), Concerned(SECOND, "north", "s2"))


def run(engine: Engine, *, again: bool = False, topic: str = "dead", **about: Any) -> ReplayRun:
    return ReplayRun(engine, topic, ADA, again=again, **about)


def test_what_is_begun_is_not_begun_again(engine: Engine) -> None:
    assert run(engine).begin(CONCERNED[:1]) == {FIRST: 1}
    assert run(engine).begin(CONCERNED) == {SECOND: 1}


def test_it_is_where_that_is_asked_for(engine: Engine) -> None:
    run(engine).begin(CONCERNED[:1])
    assert run(engine, again=True).begin(CONCERNED) == {FIRST: 2, SECOND: 1}


def test_of_two_commands_at_once_one_begins(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as commands:
        begun = [one.result() for one in [commands.submit(run(engine).begin, CONCERNED) for _ in range(4)]]
    assert sorted(map(len, begun)) == [0, 0, 0, 2]


def test_until_the_cluster_has_it_that_is_not_known(engine: Engine) -> None:
    one = run(engine)
    begun = one.begin(CONCERNED)
    one.sent({FIRST: begun[FIRST]})
    newest = Replays(engine, "dead").newest([FIRST, SECOND, Letter(1, 7)])
    assert (newest[FIRST].by, newest[FIRST].number) == ("ada", 1)
    assert newest[FIRST].sent_at is not None
    assert newest[SECOND].sent_at is None
    assert newest.keys() == {FIRST, SECOND}


def test_what_the_cluster_refused_counts_as_not_replayed(engine: Engine) -> None:
    one = run(engine)
    one.not_sent(one.begin(CONCERNED[:1]))
    assert Replays(engine, "dead").newest([FIRST]) == {}


def test_a_refusal_does_not_hide_an_earlier_replay(engine: Engine) -> None:
    first = run(engine)
    first.sent(first.begin(CONCERNED[:1]))
    second = run(engine, again=True)
    second.not_sent(second.begin(CONCERNED[:1]))
    assert Replays(engine, "dead").newest([FIRST])[FIRST].number == 1
    assert run(engine).begin(CONCERNED[:1]) == {}


def test_letters_of_another_topic_are_others(engine: Engine) -> None:
    run(engine).begin(CONCERNED)
    assert Replays(engine, "other").newest([FIRST]) == {}
    assert run(engine, topic="other").begin(CONCERNED) == {FIRST: 1, SECOND: 1}


def test_a_run_is_one_act_for_each_tenant(engine: Engine) -> None:
    one = run(engine, reason="unlisted_status")
    one.begin(CONCERNED[:1])
    one.begin([*CONCERNED[1:], Concerned(Letter(0, 9), "south", "s1"), Concerned(Letter(0, 10))])
    acts = {act.tenant_id: act for act in Acts(engine).listed()}
    assert {tenant: act.students for tenant, act in acts.items()} == {"north": 2, "south": 1, None: 0}
    assert (acts["north"].kind, acts["north"].by, acts["north"].why) == ("letters_replayed", "ada", ADA.why)
    assert acts["north"].about == {"reason": "unlisted_status"}
    assert [act.id for act in Acts(engine).of_student("north", "s2")] == [acts["north"].id]


def test_where_nothing_is_begun_there_is_no_act(engine: Engine) -> None:
    run(engine).begin(CONCERNED[:1])
    run(engine).begin(CONCERNED[:1])
    assert len(list(Acts(engine).listed())) == 1


def test_what_an_event_would_come_to_is_read_from_the_inbox(on_postgres: OnPostgres) -> None:
    Given(on_postgres).accept(event("e3", version=3))
    replays = Replays(on_postgres.engine, "dead")
    assert replays.disposition(arrival(event("e3", version=3))) is Disposition.DUPLICATE
    assert replays.disposition(arrival(event("e3", version=3, family="Bianchi"))) is Disposition.REUSED_ID
    assert replays.disposition(arrival(event("e2", version=2))) is Disposition.SUPERSEDED
    assert replays.disposition(arrival(event("e4", version=4))) is Disposition.PENDING
    assert replays.disposition(arrival(event("e1", student_id="s2"))) is Disposition.PENDING
    assert on_postgres.dispositions() == {"e3": Disposition.PENDING}
