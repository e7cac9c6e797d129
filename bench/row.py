"""One line of the closing table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, the value, and what was promised of it. `met` is None where nothing was promised."""

    what: str
    measured: str
    wanted: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "met", False: "not met", None: ""}[self.met]
