"""The few elements of SVG that pictures are made of."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

INK = "#333333"
COLOURS = ("#1f77b4", "#d95f02", "#2a9d5c", "#7b4fa3")


def write(page: Path, width: int, height: int, title: str, parts: Sequence[str], *, left: int = 60) -> None:
    """The picture, with its title above, which begins at `left`."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(left, 24, title, anchor="start", size=15),
        *parts,
        "</svg>",
    ]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def curve(points: Iterable[tuple[float, float]], colour: str, *, width: float = 2.5) -> str:
    """A line through all of them."""
    return f'<polyline fill="none" stroke="{colour}" stroke-width="{width:g}" points="{_joined(points)}"/>'


def area(points: Iterable[tuple[float, float]], colour: str) -> str:
    """What lies within the line through all of them, back to the first."""
    return f'<polygon fill="{colour}" points="{_joined(points)}"/>'


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none") -> str:
    """A rectangle, from its upper left corner."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{stroke}"/>'


def line(x1: float, y1: float, x2: float, y2: float, *, colour: str = "#dddddd", dashed: bool = False) -> str:
    """Of a grid."""
    dashes = ' stroke-dasharray="5 3"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 13, colour: str = INK) -> str:
    """At its anchor."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(words)}</text>'


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
