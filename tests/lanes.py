"""How long tests are shared out to workers.

Most of a long test's time is waiting, so each worker but one has a lane of them, one after the other; the last begins with the tests that
keep a core busy.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

T = TypeVar("T")

_PART = re.compile(r"([1-9]\d*)/([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts of the tests that compute, which together are all of them."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2/3`. Raises ValueError where it is no part."""
        found = _PART.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise ValueError(f"{text!r} is no part: 2/3 is the second of three")
        return cls(int(found[1]), int(found[2]))

    def split(self, tests: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
        """Those of the part, and the others, each in their order."""
        others = [one for index, one in enumerate(tests) if index % self.of != self.number - 1]
        return list(tests[self.number - 1 :: self.of]), others

    def __str__(self) -> str:
        return f"part {self.number} of {self.of}"


def share_out(seconds: Sequence[float], lanes: int) -> Sequence[int]:
    """The lane of each, so that all lanes take about as long: the longest first, each to the lane that has the least."""
    loads = [0.0] * lanes
    shares = [0] * len(seconds)
    for index in sorted(range(len(seconds)), key=lambda index: -seconds[index]):
        shares[index] = loads.index(min(loads))
        loads[shares[index]] += seconds[index]
    return shares
