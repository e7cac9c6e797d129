"""What is assumed of the schools and their year."""

from collections.abc import Sequence
from dataclasses import dataclass

DAY, HOUR = 86_400, 3_600
WEEK, SCHOOL_DAYS = 7, 5


@dataclass(frozen=True, slots=True)
class Year:
    """Where it is not known how schools behave, it is what is harder for the service.

    - `tenants`, `students`: of the installation. Sizes are lognormal, as those of firms and towns are: with `spread` 1.2 half of the
      schools have fewer than 490 students, one in a hundred more than 8,000, and the largest about 40,000.
    - `microsoft`: the share of schools with Microsoft 365; the others have Google Workspace.
    - `events`, `acts`: of each student in the year, and how many of them ask for an account. One for everyone is the first year, in which
      no student has an account; later years have a fraction of that.
    - `intake`: the share of all events that the intake week carries, the week `intake_week` of the year (0 is the first).
    - `imported`: the share of events that a student information system hands over in one job a school day, all at once. Jobs are
      scheduled at full hours: `import_hours`, with the share of schools. All schools are in one time zone, so that the jobs meet.
    - `intake_days`: the share of schools that hand over their whole intake on that day of the intake week. Most begin on Monday.
    - `office_hours`: when people enter the rest, one by one. On weekends and in `holidays` (weeks of the year) they enter `quiet` of
      what they do on a school day, and no job runs.
    - `step`: seconds in which the model moves, and so the grain of its waits.
    """

    seed: int = 1
    tenants: int = 10_000
    students: int = 10_000_000
    spread: float = 1.2
    microsoft: float = 2 / 3
    events: int = 10
    acts: int = 1
    intake: float = 1 / 3
    imported: float = 0.8
    import_hours: tuple[tuple[int, float], ...] = ((6, 0.25), (7, 0.25), (8, 0.5))
    intake_days: tuple[float, ...] = (0.5, 0.2, 0.1, 0.1, 0.1)
    office_hours: tuple[int, int] = (7, 19)
    quiet: float = 0.05
    days: int = 364
    intake_week: int = 2
    holidays: tuple[int, ...] = (0, 1, 9, 17, 18, 25, 32, 33, 45, 46, 47, 48, 49, 50, 51)
    step: int = 20

    @property
    def skipped(self) -> int:
        """Events that do nothing, for each that acts."""
        return self.events // self.acts - 1

    def is_intake(self, day: int) -> bool:
        """Whether the day is in the intake week."""
        return day // WEEK == self.intake_week

    def is_school_day(self, day: int) -> bool:
        """Days are counted from a Monday."""
        return day % WEEK < SCHOOL_DAYS and day // WEEK not in self.holidays

    def sentences(self) -> Sequence[str]:
        """For the page that shows the results."""
        opens, closes = self.office_hours
        hours = ", ".join(f"{share:.0%} at {hour}:00" for hour, share in self.import_hours)
        return (
            (
                f"{self.tenants:,} schools with {self.students:,} students (lognormal sizes, σ = {self.spread:g}), {self.microsoft:.0%} "
                "of them with Microsoft, the others with Google. A small school has fewer than 500 students, a large one 5,000 or more."
            ),
            (
                f"{self.events} events of each student in the year, {self.acts} of which acts: the first year, in which everyone needs an "
                f"account. The intake week carries {self.intake:.0%} of them."
            ),
            (
                f"{self.imported:.0%} of a school's events come in one job a school day, all at once, at a full hour "
                f"({hours}; one time zone). In the intake week it hands over its whole intake in one job: "
                f"{self.intake_days[0]:.0%} of the schools on Monday."
            ),
            (
                f"People enter the rest from {opens}:00 to {closes}:00; on weekends and in {len(self.holidays)} weeks of holidays "
                f"{self.quiet:.0%} of what they do on a school day."
            ),
        )
