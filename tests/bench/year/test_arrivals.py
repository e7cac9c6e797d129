"""The year's events, in the order of time."""

from collections import Counter

from bench.year.arrivals import arrivals
from bench.year.assumptions import DAY, HOUR, Year
from bench.year.schools import draw


def test_every_student_has_an_event_that_acts_and_the_intake_week_a_third_of_them(year: Year) -> None:
    came = list(arrivals(year, draw(year)))
    assert sum(sum(one.events.values()) for one in came) == year.students
    assert sum(one.total for one in came if one.intake) == round(year.students / 3)
    assert [one.step for one in came] == sorted({one.step for one in came})


def test_a_seed_gives_the_same_ones(year: Year) -> None:
    schools = draw(year)
    assert list(arrivals(year, schools)) == list(arrivals(year, schools))


def test_a_schools_jobs_are_at_its_full_hour_and_its_intake_comes_in_one(year: Year) -> None:
    schools = draw(year)
    jobs = Counter[int]()
    for one in arrivals(year, schools):
        hour, rest = divmod(one.step * year.step % DAY, HOUR)
        for school, count in one.events.items():
            if one.intake and rest == 0 and hour * HOUR == schools[school].job_at:
                jobs[school] = max(jobs[school], count)
    handed_over = year.students * year.intake * year.imported
    assert abs(jobs.total() - handed_over) <= year.tenants


def test_no_one_works_at_night_and_few_on_weekends_and_in_holidays(year: Year) -> None:
    by_day = Counter[int]()
    for one in arrivals(year, draw(year)):
        assert 6 <= one.step * year.step % DAY // HOUR < year.office_hours[1]
        by_day[one.step * year.step // DAY] += one.total
    days = [day for day in range(year.days) if not year.is_intake(day)]
    school_days = [by_day[day] for day in days if year.is_school_day(day)]
    others = [by_day[day] for day in days if not year.is_school_day(day)]
    assert max(others) < 0.05 * min(school_days)


def test_the_model_counts_by_size_what_it_counts_by_school(year: Year) -> None:
    schools = draw(year)
    for one in arrivals(year, schools):
        assert one.total == sum(one.by_size.values()) == sum(one.events.values())
        assert one.most == max(one.events.values())
