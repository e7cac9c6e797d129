"""At the vendors' published limits, in simulated time: nearly all of them used, nearly no call refused."""

from collections.abc import Sequence

import pytest

from consumer.events import Provider
from proof.checker import check
from proof.history import History
from proof.simulation.faults import Fault
from proof.simulation.limits import (
    CREATIONS,
    GRAPH_SECONDS,
    GRAPH_WRITES,
    LICENCES,
    clock_steps,
    comings_and_goings,
    creations,
    intake,
    kills,
    licences,
    writes,
)
from proof.simulation.run import play
from sandbox.simulators.vendors import EDUCATION_PLUS

ENOUGH, FEW = 0.98, 0.01
ENOUGH_OF_A_SHORT_RUN = 0.97
"""The first account takes a second of a minute before there is one."""
ENOUGH_AFTER_A_REFUSAL = 0.92
"""Within less than a minute: the rate falls to 0.85 by a refusal, and rises again."""
ENOUGH_OF_LICENCES, FEW_LICENCES = 0.6, 0.02
"""Fewer are asked for than are allowed: each call has the account's address read before, which does not always take the same time."""
MINUTE = 60


def played(provider: Provider, students: int, *, faults: Sequence[Fault] = (), licences: Sequence[str] = ()) -> History:
    history = play(intake(provider, students, faults=faults, licences=licences)).history
    report = check(history)
    assert report.passed, "\n".join(report.lines())
    return history


def test_google_creations_are_made_at_the_rate_of_the_domain() -> None:
    use = creations(played(Provider.GOOGLE, 300))
    assert use.served == 300
    assert use.served / use.seconds >= ENOUGH * CREATIONS
    assert use.refused_share <= FEW


@pytest.mark.computes
def test_replicas_that_leave_and_join_cost_nearly_none_of_the_rate() -> None:
    use = creations(played(Provider.GOOGLE, 600, faults=comings_and_goings(3)))
    assert use.served == 600
    assert use.served / use.seconds >= ENOUGH_OF_A_SHORT_RUN * CREATIONS
    assert use.refused_share <= FEW


@pytest.mark.computes
def test_a_clock_that_steps_costs_a_refusal_at_most_and_little_of_the_rate_after_it() -> None:
    use = creations(played(Provider.GOOGLE, 450, faults=clock_steps()))
    assert use.served == 450
    assert use.served / use.seconds >= ENOUGH_AFTER_A_REFUSAL * CREATIONS
    assert use.refused <= 1


@pytest.mark.computes
def test_accounts_are_made_at_that_rate_whatever_licences_wait_for_their_turn() -> None:
    history = played(Provider.GOOGLE, 300, licences=[EDUCATION_PLUS])
    use, given = creations(history), licences(history)
    assert use.served == given.served == 300
    assert use.served / use.seconds >= ENOUGH * CREATIONS
    assert use.refused_share <= FEW
    assert given.served / given.seconds >= ENOUGH_OF_LICENCES * LICENCES
    assert given.refused_share <= FEW_LICENCES


@pytest.mark.computes
def test_graph_writes_use_the_whole_bucket() -> None:
    use = writes(played(Provider.MICROSOFT, 3_000))
    assert use.served >= ENOUGH * (GRAPH_WRITES + use.seconds * GRAPH_WRITES / GRAPH_SECONDS)
    assert use.refused_share <= FEW


@pytest.mark.computes
def test_ten_thousand_google_accounts_in_eighteen_minutes_while_a_replica_is_killed_every_minute() -> None:
    history = played(Provider.GOOGLE, 10_000, faults=kills(16))
    use = creations(history)
    assert use.served == 10_000
    assert use.seconds <= 18 * MINUTE
    assert use.refused_share <= FEW
