"""Something that goes wrong, and the alerts that are meant for it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from proof.chaos.experiment import Experiment

Bring = Callable[[Experiment], AbstractAsyncContextManager[None]]
"""Within it the trouble is there."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`expected` alerts must all be sent while it lasts; `also` may be, as they follow where it lasts for longer.

    `stays`: seconds that it lasts after that, so that what others would be sent for is there too.
    """

    title: str
    bring: Bring
    expected: frozenset[str]
    also: frozenset[str] = frozenset()
    stays: float = 0.0
