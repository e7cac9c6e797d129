"""Named boundaries of effects, at which a process can be made to die, to lose an answer, or to wait. For tests and drills.

    PROVISIONER_FAILPOINTS='create.answer=crash@3; relay.committed=lose-response'

`name=crash`          the process ends at once with status 137; nothing is flushed, nothing is cleaned up
`name=lose-response`  the effect has been done, and its caller sees what it would see had the answer got lost
`name=delay:2.5`      continues after this many seconds; on the event loop, other students continue meanwhile
`name=block:60`       the same, but the thread stands still, and with it the event loop where that is the thread's

Each acts the first time that its point is reached; with `@3` the third time, with `@*` every time.

One module, however long: the list of points, in the order of an event's way, belongs to what acts at them.
"""

import asyncio
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import structlog

from consumer.errors import Stop, Unavailable

log = structlog.get_logger()

VARIABLE = "PROVISIONER_FAILPOINTS"
_KILLED = 137
_FORM = re.compile(r"(?P<action>[a-z-]+)(:(?P<seconds>\d+(\.\d+)?))?(@(?P<turn>[1-9]\d*|\*))?")


class Point(StrEnum):
    """Every boundary, in the order of an event's way.

    A point stands right behind what was done. What comes before an effect lies behind another point, so these are all the gaps in
    which a process can die. A call at a port is one effect, whatever requests it takes.
    """

    PARTITIONS_OWNED = "partitions.owned"
    BATCH_ACCEPTED = "batch.accepted"
    DEAD_LETTERS_SENT = "dead_letters.sent"
    PARKED_REMOVED = "parked.removed"  # only where a record of an unknown tenant came before
    OFFSETS_COMMITTED = "offsets.committed"

    STUDENT_CLAIMED = "student.claimed"
    ADDRESS_RESERVED = "address.reserved"
    LOOK_UP_INTENT = "look_up.intent"
    LOOK_UP_ANSWER = "look_up.answer"
    LOOK_UP_RESULT = "look_up.result"  # only where the answer makes the tenant wait
    CREATE_INTENT = "create.intent"
    CREATE_ANSWER = "create.answer"
    CREATE_RESULT = "create.result"
    ADDRESS_REFUSED = "address.refused"
    ADDRESS_RELEASED = "address.released"  # only where a correction makes another address of it
    ACCOUNT_ADOPTED = "account.adopted"
    RESTORE_INTENT = "restore.intent"
    RESTORE_ANSWER = "restore.answer"
    RESTORE_RESULT = "restore.result"
    MARK_INTENT = "mark.intent"  # only where the second look finds our account without its marker
    MARK_ANSWER = "mark.answer"
    MARK_RESULT = "mark.result"
    SUSPEND_INTENT = "suspend.intent"
    SUSPEND_ANSWER = "suspend.answer"
    SUSPEND_RESULT = "suspend.result"
    UNIT_INTENT = "unit.intent"
    UNIT_ANSWER = "unit.answer"
    UNIT_RESULT = "unit.result"
    REACTIVATE_INTENT = "reactivate.intent"
    REACTIVATE_ANSWER = "reactivate.answer"
    REACTIVATE_RESULT = "reactivate.result"
    LICENCES_INTENT = "licences.intent"
    LICENCES_ANSWER = "licences.answer"
    LICENCES_RESULT = "licences.result"
    GROUPS_INTENT = "groups.intent"
    GROUPS_ANSWER = "groups.answer"
    GROUPS_RESULT = "groups.result"
    ADMIN_UNIT_INTENT = "admin_unit.intent"
    ADMIN_UNIT_ANSWER = "admin_unit.answer"
    ADMIN_UNIT_RESULT = "admin_unit.result"
    ADDRESS_RETIRED = "address.retired"
    RENAME_INTENT = "rename.intent"
    RENAME_ANSWER = "rename.answer"
    RENAME_RESULT = "rename.result"
    PROFILE_INTENT = "profile.intent"
    PROFILE_ANSWER = "profile.answer"
    PROFILE_RESULT = "profile.result"
    DELETE_INTENT = "delete.intent"
    DELETE_ANSWER = "delete.answer"
    DELETE_RESULT = "delete.result"
    RELEASE_INTENT = "release.intent"
    RELEASE_ANSWER = "release.answer"
    RELEASE_RESULT = "release.result"
    SESSIONS_INTENT = "sessions.intent"
    SESSIONS_ANSWER = "sessions.answer"
    SESSIONS_RESULT = "sessions.result"
    ACCOUNT_ANNOUNCED = "account.announced"
    ACCOUNT_REPORTED = "account.reported"
    DELETION_SCHEDULED = "deletion.scheduled"
    DELETION_CANCELLED = "deletion.cancelled"
    WELCOME_INTENT = "welcome.intent"
    WELCOME_ANSWER = "welcome.answer"
    WELCOME_RESULT = "welcome.result"
    WELCOME_FOUND = "welcome.found"
    WELCOME_NOT_WANTED = "welcome.not_wanted"
    NOTICE_INTENT = "notice.intent"
    NOTICE_ANSWER = "notice.answer"
    NOTICE_RESULT = "notice.result"
    NOTICE_FOUND = "notice.found"
    NOTICE_REFUSED = "notice.refused"
    PASSWORD_INTENT = "password.intent"  # noqa: S105  a boundary
    PASSWORD_ANSWER = "password.answer"  # noqa: S105  a boundary
    PASSWORD_RESULT = "password.result"  # noqa: S105  a boundary
    STUDENT_DEFERRED = "student.deferred"
    STUDENT_SETTLED = "student.settled"

    RELAY_OWNED = "relay.owned"
    RELAY_INITIALISED = "relay.initialised"
    RELAY_NUMBERED = "relay.numbered"
    RELAY_PRODUCED = "relay.produced"
    RELAY_COMMITTED = "relay.committed"
    RELAY_MARKED = "relay.marked"


class Boundaries(NamedTuple):
    """Those of a call: the intent is committed, the call was answered, the result is committed."""

    intent: Point
    answer: Point
    result: Point


LOOK_UP = Boundaries(Point.LOOK_UP_INTENT, Point.LOOK_UP_ANSWER, Point.LOOK_UP_RESULT)
CREATE = Boundaries(Point.CREATE_INTENT, Point.CREATE_ANSWER, Point.CREATE_RESULT)
RESTORE = Boundaries(Point.RESTORE_INTENT, Point.RESTORE_ANSWER, Point.RESTORE_RESULT)
MARK = Boundaries(Point.MARK_INTENT, Point.MARK_ANSWER, Point.MARK_RESULT)
SUSPEND = Boundaries(Point.SUSPEND_INTENT, Point.SUSPEND_ANSWER, Point.SUSPEND_RESULT)
UNIT = Boundaries(Point.UNIT_INTENT, Point.UNIT_ANSWER, Point.UNIT_RESULT)
DELETE = Boundaries(Point.DELETE_INTENT, Point.DELETE_ANSWER, Point.DELETE_RESULT)
RELEASE = Boundaries(Point.RELEASE_INTENT, Point.RELEASE_ANSWER, Point.RELEASE_RESULT)
REACTIVATE = Boundaries(Point.REACTIVATE_INTENT, Point.REACTIVATE_ANSWER, Point.REACTIVATE_RESULT)
RENAME = Boundaries(Point.RENAME_INTENT, Point.RENAME_ANSWER, Point.RENAME_RESULT)
PROFILE = Boundaries(Point.PROFILE_INTENT, Point.PROFILE_ANSWER, Point.PROFILE_RESULT)
SESSIONS = Boundaries(Point.SESSIONS_INTENT, Point.SESSIONS_ANSWER, Point.SESSIONS_RESULT)
LICENCES = Boundaries(Point.LICENCES_INTENT, Point.LICENCES_ANSWER, Point.LICENCES_RESULT)
GROUPS = Boundaries(Point.GROUPS_INTENT, Point.GROUPS_ANSWER, Point.GROUPS_RESULT)
ADMIN_UNIT = Boundaries(Point.ADMIN_UNIT_INTENT, Point.ADMIN_UNIT_ANSWER, Point.ADMIN_UNIT_RESULT)
WELCOME = Boundaries(Point.WELCOME_INTENT, Point.WELCOME_ANSWER, Point.WELCOME_RESULT)
NOTICE = Boundaries(Point.NOTICE_INTENT, Point.NOTICE_ANSWER, Point.NOTICE_RESULT)
PASSWORD = Boundaries(Point.PASSWORD_INTENT, Point.PASSWORD_ANSWER, Point.PASSWORD_RESULT)


class Failpoints(Protocol):
    """Called by the loops at each point. `lost` is what the caller would see if the response to the last action were lost."""

    def reach(self, point: Point, *, lost: Exception) -> None:
        """For loops with a thread of their own. May raise `lost`, block, or never return."""
        ...

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        """The same on the event loop."""
        ...


class _Unarmed:
    def reach(self, point: Point, *, lost: Exception) -> None:
        pass

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        pass


UNARMED: Failpoints = _Unarmed()
"""Nothing happens anywhere."""


class Action(StrEnum):
    """What happens at a point."""

    CRASH = "crash"
    LOSE_RESPONSE = "lose-response"
    DELAY = "delay"
    BLOCK = "block"


_LASTING = {Action.DELAY, Action.BLOCK}


@dataclass(frozen=True, slots=True)
class ArmedFailpoint:
    """`turn`: which time of reaching the point is meant; None: each."""

    action: Action
    seconds: float = 0.0
    turn: int | None = 1


class Armed:
    """Does what the rules of a point say. A point is reached by one loop, so its count needs no lock."""

    def __init__(self, rules: Mapping[Point, list[ArmedFailpoint]]) -> None:
        self._rules = rules
        self._reached: Counter[Point] = Counter()

    def reach(self, point: Point, *, lost: Exception) -> None:
        for rule in self._due(point):
            _act(rule, lost)

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        for rule in self._due(point):
            if rule.action is Action.DELAY:
                await asyncio.sleep(rule.seconds)
            else:
                _act(rule, lost)

    def _due(self, point: Point) -> Iterator[ArmedFailpoint]:
        if point not in self._rules:
            return
        self._reached[point] += 1
        for rule in self._rules[point]:
            if rule.turn in {None, self._reached[point]}:
                log.warning("failpoint", point=point.value, action=rule.action.value)
                yield rule


def _act(rule: ArmedFailpoint, lost: Exception) -> None:
    if rule.action is Action.CRASH:
        os._exit(_KILLED)
    if rule.action is Action.LOSE_RESPONSE:
        raise lost
    time.sleep(rule.seconds)


def commit_lost() -> Unavailable:
    """What is seen of a commit in PostgreSQL whose answer got lost."""
    return Unavailable("The response to a commit was lost.")


def arm(environ: Mapping[str, str]) -> Failpoints:
    """What `PROVISIONER_FAILPOINTS` says. Raises `Stop` where it can't be understood."""
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return UNARMED
    rules = _parse(text)
    log.warning("failpoints_armed", points=sorted(point.value for point in rules))
    return Armed(rules)


def _parse(text: str) -> Mapping[Point, list[ArmedFailpoint]]:
    rules: defaultdict[Point, list[ArmedFailpoint]] = defaultdict(list)
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, _, form = item.partition("=")
        if name not in {point.value for point in Point}:
            raise Stop(f"{VARIABLE} names `{name}`, which is not a failpoint. There are: {', '.join(Point)}.")
        rules[Point(name)].append(_rule(item, form))
    return rules


def _rule(item: str, form: str) -> ArmedFailpoint:
    match = _FORM.fullmatch(form)
    if match and match["action"] in {action.value for action in Action}:
        action, seconds = Action(match["action"]), match["seconds"]
        if (action in _LASTING) == (seconds is not None):
            turn = match["turn"] or "1"
            return ArmedFailpoint(action, float(seconds or 0), None if turn == "*" else int(turn))
    raise Stop(
        f"{VARIABLE} says `{item}`. Give a point `crash`, `lose-response`, `delay:SECONDS` or `block:SECONDS`; "
        "`@3` behind it is the third time, `@*` every time."
    )
