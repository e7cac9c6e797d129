"""Input: events that repeat, contradict, overtake one another, or are none."""

import asyncio
import itertools
import time

from consumer.events import Provider
from consumer.policy.marker import marker
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK, Load
from proof.chaos.rows.departures import Standing, leave, leavers, stand, standings
from proof.chaos.rows.directories import BOTH
from proof.chaos.rows.schools import A_THOUSAND, SLOW, served, slow_ones
from proof.chaos.rows.students import people
from proof.chaos.sis import Raw
from sandbox.simulators.events import Mix

_NORTH = "north-high"


@BOOK.row(24, "the same event a thousand times", expected="1 effect")
async def repeated(experiment: Experiment) -> None:
    student = experiment.person(_NORTH, 0)
    event = experiment.event(_NORTH, student, 1)
    await experiment.produce([event] * 1_000)
    experiment.fire("repeat", 999)
    await experiment.quiet()
    created = [call for call in experiment.calls("graph.users.create") if student.student_id in call.request]
    experiment.expect(len(created) <= 1, f"{len(created)} creations for one event")


@BOOK.row(
    25,
    "the same event id with another body",
    expected="a dead letter, and counted as one; the first stands",
)
async def reused_id(experiment: Experiment) -> None:
    before = _reused(experiment)
    for index in range(10):
        student, other = experiment.person(_NORTH, index), experiment.person(_NORTH, 100 + index)
        first = experiment.event(_NORTH, student, 1)
        await experiment.produce([first, experiment.event(_NORTH, other, 1, event_id=first.event_id)])
        experiment.fire("reused id")
    own = sum(record.breakage == "reused_id" for record in experiment.load_records)
    await experiment.loaded()
    await experiment.quiet()
    experiment.expect(_reused(experiment) - before >= 10 + own, "not every reuse became a dead letter")


def _reused(experiment: Experiment) -> int:
    return sum(replica.log().count('"reused_id"') for replica in experiment.replicas)


@BOOK.row(
    26,
    "all 120 orders of a student's five versions",
    expected="the same end as in order",
    load=Load(few=3, many=30),
)
async def every_order(experiment: Experiment) -> None:
    orders = list(itertools.permutations(range(1, 6)))
    students = [experiment.person(_NORTH, index) for index in range(len(orders))]
    for turn in range(5):
        await experiment.produce(
            [experiment.event(_NORTH, student, order[turn]) for student, order in zip(students, orders, strict=True)]
        )
        experiment.fire("event out of order", len(orders))
    await experiment.quiet()
    ids = ", ".join(f"'{student.student_id}'" for student in students)
    right = await experiment.installation.watch.count(
        f"SELECT count(*) FROM student WHERE desired_version = 5 AND settled_version = 5 AND student_id IN ({ids})"  # noqa: S608  our own ids
    )
    experiment.expect(right == len(orders), f"{len(orders) - right} students did not end at their newest version")


@BOOK.row(
    27,
    "the withdrawal comes before the enrolment",
    expected="mapped to nothing, it leaves no trace; the enrolment acts; mapped to an action, there is no account",
)
async def withdrawn_first(experiment: Experiment) -> None:
    students = [experiment.person(_NORTH, index) for index in range(10)]
    await experiment.produce([experiment.event(_NORTH, student, 2, status="withdrawn") for student in students])
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in students])
    experiment.fire("withdrawal first", len(students))
    gone = [leavers(experiment, tenant_id, 3, first=_LEAVE_FROM) for tenant_id, _ in BOTH]
    await leave(experiment, *gone)
    early = [
        experiment.event(one.tenant_id, student, 1) for one in gone for some in one.ways.values() for student in some
    ]
    await experiment.produce(early)
    await experiment.quiet()
    for one in gone:
        none = {student.student_id: Standing.NONE for some in one.ways.values() for student in some}
        back = {student.student_id: Standing.OPEN for student in one.returning}
        await stand(experiment, one.tenant_id, none | back)
    for student in students:
        applied = await experiment.installation.watch.count(
            f"SELECT coalesce(max(applied_version), -1) FROM student WHERE student_id = '{student.student_id}'"  # noqa: S608  our own ids
        )
        experiment.expect(applied == 1, "a late enrolment was not carried out")


_LEAVE_FROM = 100
"""Numbers of students that leave this row's others alone."""


@BOOK.row(
    28,
    "enrolled and withdrawn, suspended, or to be deleted, fifty times in ten seconds",
    expected="the highest version; few vendor writes",
)
async def flaps(experiment: Experiment) -> None:
    student, leaving, departing, returning = people(experiment, _NORTH, 4)
    flapping = {"withdrawn": student, "left": leaving, "departed": departing}
    for version in range(1, 101):
        events = [
            experiment.event(_NORTH, one, version, status=(status, "enrolled")[version % 2])
            for status, one in flapping.items()
        ]
        events.append(experiment.event(_NORTH, returning, version, status=("enrolled", "left")[version % 2]))
        await experiment.produce(events)
        await asyncio.sleep(0.05)
    experiment.fire("flap", 50 * (len(flapping) + 1))
    await experiment.quiet()
    ended = await standings(experiment, _NORTH, [one.student_id for one in (leaving, departing, returning)])
    experiment.expect(ended[leaving.student_id] in {Standing.NONE, Standing.BLOCKED}, "who left can sign in")
    experiment.expect(ended[departing.student_id] in {Standing.NONE, Standing.DELETED}, "who departed has an account")
    experiment.expect(ended[returning.student_id] is Standing.OPEN, "who returned can't sign in")
    for one in (leaving, departing, returning):
        mark = marker(Provider.MICROSOFT, _NORTH, one.student_id)
        made = [call for call in experiment.vendor_calls() if call.method != "GET" and call.noted.get("marker") == mark]
        experiment.expect(len(made) <= _FLAPS, f"{len(made)} vendor writes for a student of 100 events")
    (row,) = await experiment.installation.watch.rows(
        f"SELECT desired_version, settled_version FROM student WHERE student_id = '{student.student_id}'"  # noqa: S608  our own ids
    )
    # The last withdrawal does nothing, unless the enrolment before it still waits: then it cancels that.
    experiment.expect(row in {(99, 99), (100, 100)}, f"ended at the versions {row}")
    writes = [call for call in experiment.calls() if student.student_id in call.request and call.method != "GET"]
    experiment.expect(len(writes) <= 10, f"{len(writes)} vendor writes name the student")


_FLAPS = 150
"""Writes: a suspension and a return are two each, and every second of the events may be overtaken."""


@BOOK.row(
    29,
    "unreadable records: every kind",
    expected="a dead letter once; the partition continues",
    load=Load(few=60, many=800, mix=Mix(broken=1)),
)
async def unreadable(experiment: Experiment) -> None:
    key = b"unreadable"
    bombs = [b"", b"\x00", b"\x00\x00\x00\x00\x01", b"\xff" * 300, b"{}", None]
    await experiment.installation.sis.put_raw(*(Raw(key, value, partition=0) for value in bombs))
    begun = time.monotonic()
    student = experiment.person(_NORTH, 0)
    event = experiment.event(_NORTH, student, 1)
    await experiment.produce([event], partition=0)
    await experiment.until(
        "the event behind them is accepted",
        lambda: experiment.accepted(event),
        seconds=30,
    )
    experiment.expect(time.monotonic() - begun < 5, "the partition stood for seconds behind unreadable records")
    await experiment.loaded()
    experiment.fire("unreadable record", len(bombs) + sum(record.breakage is not None for record in experiment.records))


@BOOK.row(
    30,
    "readable, and senseless",
    expected="rejected with a reason, or taken as it is; no header is broken, nothing sent",
)
async def senseless(experiment: Experiment) -> None:
    plain = experiment.person(_NORTH, 0)
    names = ["\u202etxt.exe", "😀" * 20, "Ω" * 10_000, "a\r\nBcc: x@post.example", "\x00", " ", "<script>", "{{7*7}}"]
    addresses = ["student@", "@post.example", "a b@post.example", "x@post.example\nTo: y@post.example", "é@ü.example"]
    odd = [plain.model_copy(update={"student_id": f"odd-{n}", "given_name": name}) for n, name in enumerate(names)]
    odd += [
        plain.model_copy(update={"student_id": f"odd-address-{n}", "contact_email": address})
        for n, address in enumerate(addresses)
    ]
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in odd])
    experiment.fire("senseless event", len(odd))
    await experiment.quiet()
    headers = [mail.subject + mail.recipient for mail in experiment.installation.world.mail.mailbox.mails]
    experiment.expect(not any("\r" in text or "\n" in text for text in headers), "a line break is in a mail's headers")


@BOOK.row(
    31,
    "nothing but poison for one of 1,000 tenants, at full rate, and 40 with a slow vendor",
    expected="the others are served meanwhile",
    arrange=A_THOUSAND,
    heals_within=180,
)
async def poison(experiment: Experiment) -> None:
    calm = await served(experiment)
    await slow_ones(experiment, SLOW)
    flooding = asyncio.create_task(_flood(experiment, round(_RATE * experiment.window)))
    took = await served(experiment, first=100)
    await flooding
    experiment.faults()
    experiment.expect(
        took <= _SLOWED * calm + _NOTICED, f"served in {took:.1f} s, and in {calm:.1f} s without the poison"
    )


_RATE = 300
"""Poisoned events for each second of the window; they come as fast as the topic takes them."""
_AT_ONCE = 60
_SLOWED, _NOTICED = 2, 5.0
"""How much longer it may take at most, and seconds more: replicas share this machine with all that they talk to."""


async def _flood(experiment: Experiment, count: int) -> None:
    """On all partitions, and at once with the events of others."""
    bad = [
        experiment.event(_NORTH, student, 1, status="not-in-any-table")
        for student in people(experiment, _NORTH, _AT_ONCE)
    ]
    for _ in range(0, count, _AT_ONCE):
        await experiment.produce(bad)
        experiment.fire("poisoned event", _AT_ONCE)


@BOOK.row(
    32,
    "records that are too large, or carry a bomb of headers",
    expected="a dead letter without a copy, or as it is; no crash",
)
async def oversized(experiment: Experiment) -> None:
    big = experiment.person(_NORTH, 0).model_copy(
        update={"student_id": "big", "attributes": {f"key{n}": "x" * 250 for n in range(3_500)}}
    )
    event = experiment.event(_NORTH, big, 1)
    headers = tuple((f"header-{n}", b"x" * 400) for n in range(1_500))
    await experiment.produce([event])
    await experiment.installation.sis.put_raw(
        Raw(b"bomb", b"\x01" * 300_000, headers=headers),
        Raw(b"bomb", experiment.event(_NORTH, experiment.person(_NORTH, 1), 1).value, headers=headers),
        Raw(b"k" * 100_000, b"\x01" * 900_000),
    )
    experiment.fire("oversized record", 4)
    await experiment.quiet()
    experiment.expect(experiment.exits() == 0, "a replica ended")
