"""What the page says of the year."""

import pytest

from bench.year.assumptions import Year
from bench.year.capacity import Capacity
from bench.year.measurement import play
from bench.year.report import ceilings, page, shown
from consumer.settings import RetentionSettings


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.2, "1 s"), (119, "119 s"), (600, "10 min"), (7_100, "118 min"), (9_000, "2.5 h")]
)
def test_a_time_is_said_in_its_unit(seconds: float, words: str) -> None:
    assert shown(seconds) == words


def test_the_narrowest_limit_comes_first_and_each_is_by_its_own_figure() -> None:
    limits = dict(ceilings(Capacity(outcomes=100, commits=770, commits_each=0.77, database_cpu=1.0)))
    assert list(limits.values()) == sorted(limits.values())
    assert [round(rate, 1) for rate in limits.values()] == [5.6, 38.9, 50.0, 1_000.0]


def test_the_page_has_the_assumptions_a_line_for_each_number_of_replicas_and_the_ledgers_size(
    year: Year, capacity: Capacity
) -> None:
    *records, shared = play(year, capacity, replicas=(1, 2))
    text = page(year, capacity, records, shared)
    assert all(sentence in text for sentence in year.sentences())
    assert [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:4] == [
        "1",
        "2",
        "4, one Entra application for all",
    ]
    assert f"({RetentionSettings().settled_events:.0f} days)" in text
