"""The newest values: as numbers side by side, or as the rows of a table."""

from collections.abc import Iterator, Sequence

from monitoring.dashboards.panel import Panel
from monitoring.pictures import svg
from monitoring.pictures.answer import Answer
from monitoring.pictures.box import CHARACTER, Box, cut
from monitoring.pictures.colours import MEANINGS
from monitoring.pictures.values import shown

_LARGE, _SMALL, _LINE, _LEAST = 24, 10, 16, 80


def numbers(panel: Panel, answers: Sequence[Answer], box: Box) -> Iterator[str]:
    """Large, with their names below where there are several; in rows where there are many."""
    named = max(len(answer.name) for answer in answers)
    across = min(len(answers), max(1, int(box.width / max(_LEAST, CHARACTER * _SMALL * (named + 2)))))
    down = -(-len(answers) // across)
    width, height = box.width / across, box.height / down
    words = [shown(answer.series.points[-1][1], panel.unit) for answer in answers]
    room = int(width / (CHARACTER * max(map(len, words))) / 1.2)
    size = min(room, _LARGE if down == 1 else _LARGE * 2 // 3)
    for number, answer in enumerate(answers):
        row, column = divmod(number, across)
        x, y = box.x + (column + 0.5) * width, box.y + (row + 0.55) * height
        value = answer.series.points[-1][1]
        yield svg.text(x, y, words[number], size=size, colour=MEANINGS[panel.thresholds.colour(value)])
        if answer.name:
            yield svg.text(x, y + 16, cut(answer.name, width, _SMALL), size=_SMALL)


def table(panel: Panel, answers: Sequence[Answer], box: Box) -> Iterator[str]:
    """The largest values first, as many as there is room for."""
    columns = [*panel.columns, ""]
    width = box.width / len(columns)
    room = int(box.height / _LINE) - 1
    yield from _row([*panel.columns, "value"], box, width, 0)
    yield svg.line(box.x, box.y + _LINE, box.right, box.y + _LINE)
    ordered = sorted(answers, key=lambda answer: -answer.series.points[-1][1])
    for number, answer in enumerate(ordered[:room], start=1):
        value = answer.series.points[-1][1]
        words = [*(answer.series.labels.get(name, "") for name in panel.columns), shown(value, panel.unit)]
        yield from _row(words, box, width, number, MEANINGS[panel.thresholds.colour(value)])


def _row(words: Sequence[str], box: Box, width: float, number: int, colour: str = svg.INK) -> Iterator[str]:
    y = box.y + number * _LINE + 12
    for column, each in enumerate(words[:-1]):
        yield svg.text(box.x + column * width, y, cut(each, width, 11), anchor="start", size=11)
    yield svg.text(box.right, y, words[-1], anchor="end", size=11, colour=colour)
