"""Each trouble sends the alert that is meant for it, and no other."""

import pytest

from proof.alerting.page import line
from proof.alerting.play import play
from proof.alerting.troubles import TROUBLES
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing


@pytest.mark.long(seconds=420)
@pytest.mark.parts
async def test_the_right_alert_arrives_and_nothing_else(say: Say) -> None:
    try:
        results = [result async for result in play(TROUBLES, say=say)]
    except Missing as why:
        pytest.skip(str(why))
    wrong = [line(result) for result in results if not result.right]
    assert not wrong, "\n".join(wrong)
    assert len(results) == len(TROUBLES)
