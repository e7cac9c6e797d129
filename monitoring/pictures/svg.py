"""The few elements of SVG that pictures are made of."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

INK = "#333333"
COLOURS = ("#1f77b4", "#d95f02", "#2a9d5c", "#7b4fa3")


def write(page: Path, width: int, height: int, title: str, parts: Sequence[str]) -> None:
    """The picture, with its title above."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(60, 24, title, anchor="start", size=15),
        *parts,
        "</svg>",
    ]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def curve(points: Iterable[tuple[float, float]], colour: str) -> str:
    """A line through all of them."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{joined}"/>'


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """Of a grid."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 13, colour: str = INK) -> str:
    """At its anchor."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(words)}</text>'
