"""A school of thousands, a candidate for its configuration, and for whom the two differ: known by how each student was made up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any

import yaml

GROUP = "02bd9fd6-8f93-4758-87c3-1fb73740a315"
NINTH = "9f9f9f9f-8f93-4758-87c3-1fb73740a315"
BROKEN = "{"

Parts = Mapping[str, tuple[list[str], list[str]]]
"""By the part: what is removed and what is added."""


@dataclass(frozen=True, slots=True)
class Life:
    """What happens to a student: (version, status) in the order of the records; and what the candidate makes of it in the end."""

    events: tuple[tuple[int, str], ...]
    grade: str = "7"
    sync_disabled: bool = False
    effect: str | None = None
    parts: Parts = field(default_factory=dict[str, tuple[list[str], list[str]]])


_OPENED: Parts = {
    "decision": (["nothing"], ["create_account"]),
    "account": ([], ["open"]),
    "licences": ([], ["314c4481-f395-4525-be8b-2ec4bb1e9d91"]),
    "groups": ([], [GROUP]),
    "welcome_email": ([], ["new-user-creation-without-account-email"]),
}
_BLOCKED: Parts = {
    "decision": (["nothing"], ["suspend_account"]),
    "account": ([], ["suspended"]),
    "suspension": ([], ["end_sessions"]),
}
LIVES = (
    Life(((1, "enrolled"),)),
    Life(((1, "enrolled"),), "8", effect="changes", parts={"groups": ([GROUP], [])}),
    Life(((1, "enrolled"),), "9", effect="changes", parts={"groups": ([], [NINTH])}),
    Life(((1, "applied"),), effect="gains", parts=_OPENED),
    Life(((1, "withdrawn"),), effect="loses", parts=_BLOCKED),
    Life(((1, "applied"), (2, "enrolled"))),
    Life(((7, "enrolled"), (3, "applied"))),
    Life(((1, "visiting"),), effect="changes", parts={"decision": (["refused: unlisted_status"], ["nothing"])}),
    Life(((1, "applied"),), sync_disabled=True),
    Life(((1, "enrolled"), (2, "withdrawn")), effect="loses", parts=_BLOCKED),
)


def candidate(current: Path, folder: Path) -> Path:
    """A folder with another configuration of that school."""
    school: dict[str, Any] = yaml.safe_load(current.read_text())
    actions = {"applied": "create_account", "withdrawn": "suspend_account"}
    for row in school["statuses"]:
        row.update({"provider_action": actions[row["id"]]} if row["id"] in actions else {})
    school["statuses"].append({"id": "visiting", "name": "Visiting", "type": "Guest"})
    school["rules"][1]["when"] = {"grade": ["7"]}
    school["rules"].append({"when": {"grade": ["9"]}, "groups": {"microsoft": [NINTH]}})
    folder.mkdir()
    (folder / current.name).write_text(yaml.safe_dump(school))
    return folder


def students() -> Iterator[tuple[str, Life]]:
    """All lives in turn, for ever."""
    for number in count():
        yield f"S{number}", LIVES[number % len(LIVES)]


def records(events: int) -> Iterator[tuple[str, int, str, Life]]:
    """So many events: student, version, status and whose life it is."""
    written = ((student, version, status, life) for student, life in students() for version, status in life.events)
    return islice(written, events)


def expected(events: int) -> Mapping[str, tuple[str, Parts]]:
    """For whom the two differ after so many events, a life that was cut off not counted: give a number that cuts none."""
    lives = {student: life for student, _, _, life in records(events)}
    return {student: (life.effect, life.parts) for student, life in lives.items() if life.effect}


def listed(document: Mapping[str, Any]) -> Mapping[str, tuple[str, Parts]]:
    """The same as the command prints it."""
    return {
        one["student_id"]: (
            one["effect"],
            {change["part"]: (change["removed"], change["added"]) for change in one["changes"]},
        )
        for one in document["differences"]
    }
