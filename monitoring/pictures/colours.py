"""The colours of dashboards: of series, and of what a value means."""

from monitoring.dashboards.panel import Colour
from monitoring.pictures.svg import INK

PALETTE = (
    *("#1f77b4", "#d95f02", "#2a9d5c", "#7b4fa3", "#c0392b", "#8c6d31", "#e377c2", "#17a2b8", "#6b8e23", "#4b5d78"),
    *("#ff9f4a", "#9aa0a6"),
)

MEANINGS = {Colour.WELL: "#2a9d5c", Colour.LOOK: "#e08a00", Colour.ACT: "#c0392b", Colour.PLAIN: INK}
