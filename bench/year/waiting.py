"""One school's students who wait, in the order in which their events came."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Came:
    """So many events that came in one step."""

    step: int
    intake: bool
    students: int


@dataclass(slots=True)
class Line:
    """`students` are all of them."""

    students: int = 0
    came: deque[Came] = field(default_factory=deque[Came])

    def join(self, step: int, students: int, *, intake: bool) -> None:
        """At the end."""
        self.students += students
        if self.came and self.came[-1].step == step:
            self.came[-1].students += students
        else:
            self.came.append(Came(step, intake, students))

    def leave(self, students: int) -> Iterator[Came]:
        """The first ones: how many, by when their events came."""
        self.students -= students
        while students:
            first = self.came[0]
            leaving = min(first.students, students)
            students -= leaving
            first.students -= leaving
            if not first.students:
                self.came.popleft()
            yield Came(first.step, first.intake, leaving)
