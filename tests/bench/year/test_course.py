"""A year as one installation lives it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.year.arrivals import Arrivals
from bench.year.assumptions import Year
from bench.year.capacity import Capacity
from bench.year.course import Course
from bench.year.measurement import play
from bench.year.record import Record
from bench.year.schools import School, Size
from bench.year.waits import Waits
from consumer.events import Provider

SLOW = Capacity(accounts=4.0)
"""One replica is not enough for the tiny year's intake."""


def came(schools: Sequence[School]) -> Arrivals:
    """All of their students, at once."""
    sizes = Counter[Size]()
    for school in schools:
        sizes[school.size] += school.students
    events = {number: school.students for number, school in enumerate(schools)}
    return Arrivals(0, intake=True, events=events, by_size=sizes, total=sizes.total(), most=max(events.values()))


def intake(
    year: Year,
    capacity: Capacity,
    events: dict[int, int],
    provider: Provider,
    *,
    replicas: int = 100,
    one_application: bool = False,
) -> Record:
    """Everyone at once, in schools of one provider, with more replicas than are needed."""
    schools = [School(students, provider, 0, 0) for students in events.values()]
    course = Course(year, capacity, schools, replicas, one_application=one_application)
    course.take(came(schools))
    return course.finish()


def everyone(record: Record) -> Waits:
    return Waits.of_all(list(record.waits.values()))


def test_every_event_is_read_and_every_student_gets_an_account(year: Year) -> None:
    for record in play(year, SLOW, replicas=(1, 3)):
        assert record.events == year.students * year.events
        assert record.accounts == everyone(record).students == year.students
        assert sum(record.accounts_by_day.values()) == year.students


def test_a_seed_gives_the_same_year(year: Year) -> None:
    (one, _), (other, _) = play(year, SLOW, replicas=(1,)), play(year, SLOW, replicas=(1,))
    assert {key: waits.counts for key, waits in one.waits.items()} == {
        key: waits.counts for key, waits in other.waits.items()
    }
    assert one.waiting_by_bin == other.waiting_by_bin


def test_with_more_replicas_no_one_waits_longer(year: Year) -> None:
    *records, _ = play(year, SLOW, replicas=(1, 2, 4, 8))
    for share in (0.5, 0.9, 0.99, 1.0):
        waits = [everyone(record).quantile(share) for record in records]
        assert waits == sorted(waits, reverse=True)
    assert everyone(records[0]).worst > 10 * everyone(records[-1]).quantile(0.5)
    assert [record.most_waiting for record in records] == sorted((r.most_waiting for r in records), reverse=True)


@pytest.mark.parametrize(
    ("provider", "seconds"), [(Provider.MICROSOFT, (12_000 * 3 - 3_000) / 20), (Provider.GOOGLE, 12_000 / 10)]
)
def test_a_large_school_is_as_fast_as_its_vendor_allows(
    year: Year, capacity: Capacity, provider: Provider, seconds: float
) -> None:
    record = intake(year, replace(capacity, database_cores=1_000, commits=1e6), {0: 12_000}, provider)
    assert record.waits[True, Size.LARGE].worst == pytest.approx(seconds, abs=2 * year.step)
    assert record.most_at_vendors == 1


def test_a_tenant_has_no_more_students_in_work_than_its_concurrency(year: Year, capacity: Capacity) -> None:
    slow_vendors = replace(capacity, accounts=32.0)
    record = intake(year, slow_vendors, {0: 6_000}, Provider.GOOGLE, replicas=1)
    assert slow_vendors.tenant == 2.0
    assert record.waits[True, Size.LARGE].worst == pytest.approx(6_000 / 2, abs=2 * year.step + 8)


def test_all_schools_share_the_replicas_and_small_ones_are_done_first(year: Year) -> None:
    schools = [School(5_000, Provider.GOOGLE, 0, 0), *(School(40, Provider.MICROSOFT, 0, 0) for _ in range(9))]
    course = Course(year, replace(SLOW, accounts=10.0), schools, 1)
    course.take(came(schools))
    record = course.finish()
    assert record.waits[True, Size.SMALL].worst <= 400 / 10 + 2 * year.step + 256 / 10
    assert record.waits[True, Size.LARGE].worst >= 5_000 / 10


def test_one_database_takes_no_more_however_many_the_replicas(year: Year, capacity: Capacity) -> None:
    small = replace(capacity, database_cores=1, database_use=0.9, database_cpu=0.01)
    record = intake(year, small, dict.fromkeys(range(100), 60), Provider.MICROSOFT)
    assert small.database == 90
    assert record.waits[True, Size.SMALL].worst >= 6_000 / 90 - year.step
    assert set(record.limited) == {"database"}


def test_one_relay_is_the_limit_of_outcomes_and_accounts_do_not_wait_for_it(year: Year, capacity: Capacity) -> None:
    record = intake(year, replace(capacity, outcomes=20.0), dict.fromkeys(range(100), 60), Provider.MICROSOFT)
    assert everyone(record).worst <= year.step + capacity.account_seconds
    assert record.most_unpublished == 2 * 6_000 - 20 * year.step
    assert record.limited == {"relay": pytest.approx(2 * 6_000 / 20, abs=year.step)}


def test_schools_that_share_an_entra_application_wait_for_each_other(year: Year, capacity: Capacity) -> None:
    fast = replace(capacity, database_cores=1_000, commits=1e6)
    schools = dict.fromkeys(range(20), 1_000)
    own, shared = (intake(year, fast, schools, Provider.MICROSOFT, one_application=shared) for shared in (False, True))
    assert everyone(own).worst < 2 * year.step
    assert everyone(shared).worst == pytest.approx((20_000 * 3 - 35_000) / (35_000 / 300), abs=2 * year.step)
    assert set(shared.limited) >= {"one application"}


def test_reading_many_events_takes_of_the_replicas_time(year: Year) -> None:
    heavy = Capacity(accounts=10.0, skip_cpu=0.005)
    light = replace(heavy, skip_cpu=0.0)
    students = dict.fromkeys(range(50), 10)
    slower, faster = (
        everyone(intake(year, one, students, Provider.MICROSOFT, replicas=1)).worst for one in (heavy, light)
    )
    assert slower == pytest.approx(faster + 500 * 9 * 0.005, abs=year.step)
    assert slower > faster
