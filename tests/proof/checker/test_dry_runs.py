"""I24: no write for a tenant that is in dry run."""

from proof.checker import dry_runs
from proof.checker.index import Index
from proof.history import Operation
from tests.proof.histories import START, TENANT, Story, about


def in_dry_run(until: float) -> Story:
    story = Story()
    story.other["dry_runs"] = {TENANT: until}
    return story


def test_writes_after_the_dry_run_are_all_right() -> None:
    assert in_dry_run(START).broken() == []


def test_a_write_in_dry_run() -> None:
    assert "I24" in in_dry_run(START + 1_000).broken()


def test_a_look_up_in_dry_run_is_all_right() -> None:
    story = in_dry_run(START + 1_000)
    story.calls = [about(1, Operation.FIND)]
    assert list(dry_runs.kept(Index(story.history()))) == []


def test_another_tenants_writes_are_all_right() -> None:
    story = Story()
    story.other["dry_runs"] = {"elsewhere": START + 1_000}
    assert story.broken() == []
