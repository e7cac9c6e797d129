"""The part of a picture that a panel has."""

from dataclasses import dataclass

CHARACTER = 0.56
"""About how wide a character is, as a part of its size."""


@dataclass(frozen=True, slots=True)
class Box:
    """In units of the picture, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def within(self, *, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> "Box":
        """What is left of it inside these margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


def cut(words: str, width: float, size: int) -> str:
    """As much of the words as has room in this width, in characters of this size."""
    room = int(width / (CHARACTER * size))
    return words if len(words) <= room else f"{words[: max(0, room - 1)]}…"
