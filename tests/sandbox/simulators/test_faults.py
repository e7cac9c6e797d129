"""How it is decided which fault a vendor's answer meets."""

import json
import random
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.simulators.faults import (
    Answer,
    DoLate,
    FaultRule,
    InjectedFaults,
    Latency,
    LoseAnswer,
    Refuse,
    rules_from_json,
    to_json,
)

LOST = LoseAnswer()


def _faults(*rules: FaultRule, seed: int = 0) -> InjectedFaults:
    faults = InjectedFaults(random.Random(seed))  # noqa: S311  repeatable, guards nothing
    faults.set(rules)
    return faults


def test_a_vendor_without_rules_has_no_faults() -> None:
    assert _faults().of("graph.users.create", "") == []


@pytest.mark.parametrize(
    ("pattern", "shows"),
    [("graph.users.create", True), ("graph.*", True), ("*", True), ("graph.users", False), ("GRAPH.*", False)],
)
def test_a_rule_holds_for_the_routes_that_its_pattern_names(pattern: str, shows: bool) -> None:  # noqa: FBT001  a case
    faults = _faults(FaultRule(route=pattern, fault=LOST))

    assert list(faults.of("graph.users.create", "")) == ([LOST] if shows else [])


def test_a_rule_for_the_first_calls_is_over_after_them() -> None:
    faults = _faults(FaultRule(route="*", fault=LOST, first=2))

    assert [len(faults.of("any", "")) for _ in range(4)] == [1, 1, 0, 0]


def test_calls_of_other_routes_do_not_use_a_rule_up() -> None:
    faults = _faults(FaultRule(route="graph.*", fault=LOST, first=1))

    faults.of("mailgun.messages.send", "")

    assert faults.of("graph.users.get", "") == [LOST]


def test_a_rule_can_single_out_requests_by_all_the_texts_they_hold() -> None:
    faults = _faults(FaultRule(route="*", fault=LOST, containing=("north.example", "S1")))

    assert faults.of("any", "ann@north.example S1") == [LOST]
    assert faults.of("any", "ann@north.example S2") == []


def test_chance_is_repeatable_by_its_seed_and_about_as_likely_as_it_says() -> None:
    rule = FaultRule(route="*", fault=LOST, chance=0.2)

    first, second = ([len(faults.of("any", "")) for _ in range(1_000)] for faults in (_faults(rule), _faults(rule)))

    assert first == second
    assert 150 < sum(first) < 250


def test_several_faults_show_at_once_in_the_order_of_their_rules() -> None:
    slow = Latency(low=0.1, high=0.2)

    assert _faults(FaultRule(route="*", fault=slow), FaultRule(route="*", fault=LOST)).of("any", "") == [slow, LOST]


def test_new_rules_take_the_place_of_the_old() -> None:
    faults = _faults(FaultRule(route="*", fault=LOST))

    faults.set([])

    assert faults.of("any", "") == []


def test_a_pause_is_between_its_bounds() -> None:
    faults = _faults()

    assert all(0.1 <= faults.pause(Latency(low=0.1, high=0.2)) <= 0.2 for _ in range(100))


def test_rules_are_read_as_they_are_written() -> None:
    throttled = Answer(status=429, body="{}", headers={"Retry-After": "2.128"})
    rules = [
        FaultRule(route="*", fault=fault, first=3, chance=0.5, containing=("S1",))
        for fault in (Latency(low=0, high=1), Refuse(), LOST, DoLate(seconds=2), throttled)
    ]

    assert rules_from_json(json.dumps(to_json(rules)).encode()) == rules


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({"route": "*", "fault": {"kind": "sulk"}}, "fault"),
        ({"fault": {"kind": "refuse"}}, "route"),
        ({"route": "*", "fault": {"kind": "refuse"}, "chance": 1.5}, "chance"),
        ({"route": "*", "fault": {"kind": "refuse"}, "first": 0}, "first"),
        ({"route": "*", "fault": {"kind": "answer", "status": 1}}, "status"),
        ({"route": "*", "fault": {"kind": "latency", "low": 2, "high": 1}}, "latency"),
        ({"route": "*", "fault": {"kind": "refuse"}, "firts": 1}, "firts"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_and_the_place_named(rule: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rules_from_json(json.dumps([rule]).encode())

    assert where in refused.value.errors()[0]["loc"]
