"""At the vendors' published limits, in simulated time: nearly all of them used, nearly no call refused."""

import pytest

from consumer.events import Provider
from proof.checker import check
from proof.history import History
from proof.simulation.limits import CREATIONS, GRAPH_SECONDS, GRAPH_WRITES, creations, intake, writes
from proof.simulation.run import play

ENOUGH, FEW = 0.98, 0.01
MINUTE = 60


def played(provider: Provider, students: int, *, kills: int = 0) -> History:
    history = play(intake(provider, students, kills=kills)).history
    report = check(history)
    assert report.passed, "\n".join(report.lines())
    return history


def test_google_creations_are_made_at_the_rate_of_the_domain() -> None:
    use = creations(played(Provider.GOOGLE, 300))
    assert use.served == 300
    assert use.served / use.seconds >= ENOUGH * CREATIONS
    assert use.refused_share <= FEW


@pytest.mark.prove
@pytest.mark.computes
def test_graph_writes_use_the_whole_bucket() -> None:
    use = writes(played(Provider.MICROSOFT, 3_000))
    assert use.served >= ENOUGH * (GRAPH_WRITES + use.seconds * GRAPH_WRITES / GRAPH_SECONDS)
    assert use.refused_share <= FEW


@pytest.mark.prove
@pytest.mark.computes
def test_ten_thousand_google_accounts_in_eighteen_minutes_while_a_replica_is_killed_every_minute() -> None:
    history = played(Provider.GOOGLE, 10_000, kills=16)
    use = creations(history)
    assert use.served == 10_000
    assert use.seconds <= 18 * MINUTE
    assert use.refused_share <= FEW
