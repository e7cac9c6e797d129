"""The table of documented facts in docs/vendors.md is true: what it names is there, and what is not honoured is explained."""

from collections import Counter

import pytest

from tests.contracts.elsewhere import is_there
from tests.contracts.facts import PAGE, Fact, defines, facts, page

MOST = 12
"""Facts that may be kept partly or not at all."""


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.id)
def test_the_code_and_the_test_of_a_fact_are_there(fact: Fact) -> None:
    assert defines(*fact.source), fact.at
    assert is_there(fact.by), fact.by


def test_every_exception_is_explained() -> None:
    assert [fact.id for fact in facts() if bool(fact.why) is (fact.state == "honoured")] == []


def test_there_are_177_facts_and_166_are_honoured() -> None:
    states = Counter(fact.state for fact in facts())
    assert sum(states.values()) == 177
    assert states["partly"] + states["no"] <= MOST


def test_each_fact_has_a_text_of_its_own() -> None:
    assert [text for text, count in Counter(fact.text for fact in facts()).items() if count > 1] == []


def test_the_page_is_written_from_the_data() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text, "run `python -m tests.contracts.facts`"
