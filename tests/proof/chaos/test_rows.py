"""The short form of the matrix's rows: few students, faults of seconds, several rows on one installation."""

from collections.abc import Callable

import pytest

from proof.chaos.result import Verdict
from proof.chaos.rows import BOOK
from proof.chaos.runner import play_short
from proof.chaos.stage import Stage
from testbed.parts.artefacts import Say
from tests.proof.chaos import canary

_SECTIONS = {
    "1-10": 220,
    "11 67": 100,
    "12-23": 190,
    "24-27 29 30 32 57-60": 110,
    "28 61": 90,
    "62": 60,
    "33 87": 110,
    "34-40": 140,
    "41-44 46-51": 160,
    "52-56 63-66": 250,
    "68 70-73 75-78 81 88": 120,
    "82": 60,
    "69 74 79 80": 160,
    "31 45": 130,
    "83 84": 90,
    "85": 60,
    "86": 60,
    "89 90": 65,
}
"""Rows that share what can be shared, and about how many seconds they take. Rows 11 and 67 take three brokers."""


def test_every_row_is_in_a_section() -> None:
    assert sorted(row.number for words in _SECTIONS for row in BOOK.chosen(words)) == [
        row.number for row in BOOK.rows()
    ]


@pytest.mark.parts
@pytest.mark.parametrize(
    "words", [pytest.param(words, marks=pytest.mark.long(seconds=seconds)) for words, seconds in _SECTIONS.items()]
)
async def test_no_fault_violates_an_invariant(
    words: str, say: Say, record_property: Callable[[str, object], None]
) -> None:
    async with Stage(say=say) as stage:
        results = await play_short(stage, BOOK.chosen(words), seed=1)
    record_property(canary.PROPERTY, canary.searched(results))
    wrong = [
        f"row {result.row.number}: {what}"
        for result in results
        if result.verdict not in {Verdict.PASSED, Verdict.NOT_RUN}
        for what in (*result.violations, *result.invalid)
    ]
    assert not wrong, "\n".join(wrong)
