"""Which replica does what only one should be doing. It saves work and quarrels; epochs and fences are what makes two leaders harmless."""

from typing import Protocol


class Leadership(Protocol):
    """An election among all replicas. Blocking; for one thread."""

    def held(self) -> bool:
        """Whether we lead, after trying to where we do not. Blocks for a round trip at most; never raises."""
        ...

    def resign(self) -> None:
        """Lets another one lead. Does nothing where we do not."""
        ...
