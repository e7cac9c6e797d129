"""The short form of the matrix's rows: few students, faults of seconds, several rows on one installation."""

import pytest

from proof.chaos.result import Verdict
from proof.chaos.row import Group
from proof.chaos.rows import BOOK
from proof.chaos.runner import Scale, play_together
from proof.chaos.stage import Stage
from tests.parts.artefacts import Say

_SCALE = Scale(window=4.0, full=False)
_SECTIONS = {
    "process": {Group.PROCESS, Group.COMBINED},
    "kafka": {Group.KAFKA},
    "input and database": {Group.INPUT, Group.DATABASE},
    "vendors": {Group.PROVIDER, Group.MAIL},
}


@pytest.mark.long
@pytest.mark.parts
@pytest.mark.parametrize("section", _SECTIONS)
async def test_no_fault_violates_an_invariant(section: str, say: Say) -> None:
    rows = [row for row in BOOK.rows() if row.short and row.group in _SECTIONS[section]]
    async with Stage(say=say) as stage:
        results = await play_together(stage, rows, seed=1, scale=_SCALE)
    assert {
        result.row.number: [*result.violations, *result.invalid]
        for result in results
        if result.verdict is not Verdict.PASSED
    } == {}
