"""How it is decided in which temper a vendor answers."""

import json
import random
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.simulators.temper import (
    Answer,
    DoLate,
    Latency,
    LoseAnswer,
    Refuse,
    Rule,
    Tempers,
    rules_from_json,
    to_json,
)

LOST = LoseAnswer()


def _tempers(*rules: Rule, seed: int = 0) -> Tempers:
    tempers = Tempers(random.Random(seed))  # noqa: S311  repeatable, guards nothing
    tempers.set(rules)
    return tempers


def test_a_vendor_without_rules_has_no_tempers() -> None:
    assert _tempers().of("graph.users.create", "") == []


@pytest.mark.parametrize(
    ("pattern", "shows"),
    [("graph.users.create", True), ("graph.*", True), ("*", True), ("graph.users", False), ("GRAPH.*", False)],
)
def test_a_rule_holds_for_the_routes_that_its_pattern_names(pattern: str, shows: bool) -> None:  # noqa: FBT001  a case
    tempers = _tempers(Rule(route=pattern, temper=LOST))

    assert list(tempers.of("graph.users.create", "")) == ([LOST] if shows else [])


def test_a_rule_for_the_first_calls_is_over_after_them() -> None:
    tempers = _tempers(Rule(route="*", temper=LOST, first=2))

    assert [len(tempers.of("any", "")) for _ in range(4)] == [1, 1, 0, 0]


def test_calls_of_other_routes_do_not_use_a_rule_up() -> None:
    tempers = _tempers(Rule(route="graph.*", temper=LOST, first=1))

    tempers.of("mailgun.messages.send", "")

    assert tempers.of("graph.users.get", "") == [LOST]


def test_a_rule_can_single_out_requests_by_all_the_texts_they_hold() -> None:
    tempers = _tempers(Rule(route="*", temper=LOST, containing=("north.example", "S1")))

    assert tempers.of("any", "ann@north.example S1") == [LOST]
    assert tempers.of("any", "ann@north.example S2") == []


def test_chance_is_repeatable_by_its_seed_and_about_as_likely_as_it_says() -> None:
    rule = Rule(route="*", temper=LOST, chance=0.2)

    first, second = ([len(tempers.of("any", "")) for _ in range(1_000)] for tempers in (_tempers(rule), _tempers(rule)))

    assert first == second
    assert 150 < sum(first) < 250


def test_several_tempers_show_at_once_in_the_order_of_their_rules() -> None:
    slow = Latency(low=0.1, high=0.2)

    assert _tempers(Rule(route="*", temper=slow), Rule(route="*", temper=LOST)).of("any", "") == [slow, LOST]


def test_new_rules_take_the_place_of_the_old() -> None:
    tempers = _tempers(Rule(route="*", temper=LOST))

    tempers.set([])

    assert tempers.of("any", "") == []


def test_a_pause_is_between_its_bounds() -> None:
    tempers = _tempers()

    assert all(0.1 <= tempers.pause(Latency(low=0.1, high=0.2)) <= 0.2 for _ in range(100))


def test_rules_are_read_as_they_are_written() -> None:
    throttled = Answer(status=429, body="{}", headers={"Retry-After": "2.128"})
    rules = [
        Rule(route="*", temper=temper, first=3, chance=0.5, containing=("S1",))
        for temper in (Latency(low=0, high=1), Refuse(), LOST, DoLate(seconds=2), throttled)
    ]

    assert rules_from_json(json.dumps(to_json(rules)).encode()) == rules


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({"route": "*", "temper": {"kind": "sulk"}}, "temper"),
        ({"temper": {"kind": "refuse"}}, "route"),
        ({"route": "*", "temper": {"kind": "refuse"}, "chance": 1.5}, "chance"),
        ({"route": "*", "temper": {"kind": "refuse"}, "first": 0}, "first"),
        ({"route": "*", "temper": {"kind": "answer", "status": 1}}, "status"),
        ({"route": "*", "temper": {"kind": "latency", "low": 2, "high": 1}}, "latency"),
        ({"route": "*", "temper": {"kind": "refuse"}, "firts": 1}, "firts"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_and_the_place_named(rule: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rules_from_json(json.dumps([rule]).encode())

    assert where in refused.value.errors()[0]["loc"]
