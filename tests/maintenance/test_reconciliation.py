"""When a tenant's nightly reconciliation runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumer.configuration.loading import load_tenants
from consumer.errors import Hold, Reason
from consumer.maintenance.reconciliation import is_due, reconciliation_job
from consumer.tenants import Reconciliation, Tenant

ROOT = Path(__file__).parents[2]
NIGHT = datetime(2026, 9, 2, 2, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def tenant(ident: str, *, at: str = "02:30", repair: bool = False) -> Tenant:
    known = load_tenants(ROOT / "config/tenants")[0][0]
    return known.model_copy(update={"id": ident, "reconcile": Reconciliation(at=at, repair=repair)})


class Recorded:
    """Keeps `Reconciliations`: each takes two slices, and one of a tenant in `broken` fails."""

    def __init__(self, now: datetime = NIGHT) -> None:
        self.now = now
        self.ended: dict[str, datetime] = {}
        self.begun: list[tuple[str, bool]] = []
        self.broken: set[str] = set()

    def finished(self, tenant_ids: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
        return self.now, {ident: at for ident, at in self.ended.items() if ident in tenant_ids}

    def run(self, tenant: Tenant, *, repair: bool) -> Iterator[None]:
        self.begun.append((tenant.id, repair))
        yield
        if tenant.id in self.broken:
            raise Hold("Denied.", reason=Reason.CONSENT_MISSING)
        yield
        self.ended[tenant.id] = self.now


@pytest.mark.parametrize(
    ("now", "finished", "due"),
    [
        (NIGHT, None, True),
        (NIGHT - MINUTE, None, False),
        (NIGHT + timedelta(hours=11), None, True),
        (NIGHT + timedelta(hours=13), None, False),
        (NIGHT + MINUTE, NIGHT, False),
        (NIGHT + MINUTE, NIGHT - DAY, True),
        (NIGHT + DAY, NIGHT + MINUTE, True),
    ],
)
def test_a_night_begins_at_its_hour_and_is_over_when_one_has_ended(
    now: datetime, finished: datetime | None, *, due: bool
) -> None:
    assert is_due("02:30", now, finished) is due


def test_a_night_may_begin_before_midnight() -> None:
    assert is_due("23:00", datetime(2026, 9, 2, 1, tzinfo=UTC), None)


def test_each_tenant_has_one_a_night_as_it_is_configured() -> None:
    nights = Recorded()
    job = reconciliation_job(
        nights, lambda: [tenant("north"), tenant("south", repair=True), tenant("west", at="04:00")]
    )
    assert len(list(job.pages())) == 4
    list(job.pages())
    assert nights.begun == [("north", False), ("south", True)]


def test_one_that_fails_keeps_no_other_from_its_turn_and_is_tried_again_after_an_hour() -> None:
    nights = Recorded()
    nights.broken.add("north")
    job = reconciliation_job(nights, lambda: [tenant("north"), tenant("south")])
    list(job.pages())
    nights.now += MINUTE
    list(job.pages())
    assert [ident for ident, _ in nights.begun] == ["north", "south"]
    nights.now += timedelta(hours=1)
    list(job.pages())
    assert [ident for ident, _ in nights.begun] == ["north", "south", "north"]
