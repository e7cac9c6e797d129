"""docs/sizing.md: its table is computed, its figures are those that were measured."""

from bench.sizing import AT_LEAST, PAGE, WITHIN, Size, page
from bench.year.capacity import Capacity

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_table_is_as_it_is_computed() -> None:
    assert page(TEXT) == TEXT, "run `python -m bench.sizing`"


def test_the_figures_of_each_part_are_those_of_the_measurements() -> None:
    capacity = Capacity()
    for figure in (
        f"{capacity.accounts:.0f} accounts a second",
        f"{capacity.tenant:.0f} accounts a second in one replica",
        f"{capacity.outcomes:,} outcomes a second",
        f"{capacity.database_cpu * 1_000:g} ms of a core and {capacity.commits_each} commits an account",
        f"{capacity.commits:,} commits a second",
        f"{capacity.ever / 1_000:g} kB for each account",
        f"{capacity.as_events / 1_000:g} kB for {capacity.events_kept:.0f} days",
        f"{capacity.as_outcomes / 1_000:g} kB for {capacity.outcomes_kept:.0f} days",
    ):
        assert figure in TEXT


def test_a_small_installation_has_a_replica_to_spare() -> None:
    assert Size(100).replicas == AT_LEAST


def test_so_many_replicas_work_the_largest_job_off_in_time() -> None:
    size = Size(10_000_000)
    assert size.job / (size.replicas * size.capacity.accounts) <= WITHIN
    assert size.job / ((size.replicas - 1) * size.capacity.accounts) > WITHIN
