"""Input: events that repeat, contradict, overtake one another, or are none."""

import asyncio
import itertools
import time

from proof.chaos.row import BOOK, Load
from proof.chaos.scene import Scene
from proof.chaos.sis import Raw
from sandbox.simulators.events import Mix

_NORTH = "north-high"


@BOOK.row(24, "the same event a thousand times", expected="1 effect")
async def repeated(scene: Scene) -> None:
    student = scene.person(_NORTH, 0)
    event = scene.event(_NORTH, student, 1)
    await scene.produce([event] * 1_000)
    scene.fire("repeat", 999)
    await scene.quiet()
    created = [call for call in scene.calls("graph.users.create") if student.student_id in call.request]
    scene.expect(len(created) <= 1, f"{len(created)} creations for one event")


@BOOK.row(
    25,
    "the same event id with another body",
    expected="a dead letter, and counted as one; the first stands",
)
async def reused_id(scene: Scene) -> None:
    before = _reused(scene)
    for index in range(10):
        student, other = scene.person(_NORTH, index), scene.person(_NORTH, 100 + index)
        first = scene.event(_NORTH, student, 1)
        await scene.produce([first, scene.event(_NORTH, other, 1, event_id=first.event_id)])
        scene.fire("reused id")
    own = sum(record.breakage == "reused_id" for record in scene.load_records)
    await scene.loaded()
    await scene.quiet()
    scene.expect(_reused(scene) - before >= 10 + own, "not every reuse became a dead letter")


def _reused(scene: Scene) -> int:
    return sum(replica.log().count('"reused_id"') for replica in scene.replicas)


@BOOK.row(
    26,
    "all 120 orders of a student's five versions",
    expected="the same end as in order",
    load=Load(few=3, many=30),
)
async def every_order(scene: Scene) -> None:
    orders = list(itertools.permutations(range(1, 6)))
    students = [scene.person(_NORTH, index) for index in range(len(orders))]
    for turn in range(5):
        await scene.produce(
            [scene.event(_NORTH, student, order[turn]) for student, order in zip(students, orders, strict=True)]
        )
        scene.fire("event out of order", len(orders))
    await scene.quiet()
    ids = ", ".join(f"'{student.student_id}'" for student in students)
    right = await scene.installation.watch.count(
        f"SELECT count(*) FROM student WHERE desired_version = 5 AND settled_version = 5 AND student_id IN ({ids})"  # noqa: S608  our own ids
    )
    scene.expect(right == len(orders), f"{len(orders) - right} students did not end at their newest version")


@BOOK.row(
    27,
    "the withdrawal comes before the enrolment",
    expected="mapped to nothing, it leaves no trace; the enrolment acts",
)
async def withdrawn_first(scene: Scene) -> None:
    students = [scene.person(_NORTH, index) for index in range(10)]
    await scene.produce([scene.event(_NORTH, student, 2, status="withdrawn") for student in students])
    await scene.produce([scene.event(_NORTH, student, 1) for student in students])
    scene.fire("withdrawal first", len(students))
    await scene.quiet()
    for student in students:
        applied = await scene.installation.watch.count(
            f"SELECT coalesce(max(applied_version), -1) FROM student WHERE student_id = '{student.student_id}'"  # noqa: S608  our own ids
        )
        scene.expect(applied == 1, "a late enrolment was not carried out")


@BOOK.row(
    28,
    "enrolled and withdrawn, fifty times in ten seconds",
    expected="the highest version; few vendor writes",
)
async def flaps(scene: Scene) -> None:
    student = scene.person(_NORTH, 0)
    for version in range(1, 101):
        await scene.produce([scene.event(_NORTH, student, version, status=("withdrawn", "enrolled")[version % 2])])
        await asyncio.sleep(0.05)
    scene.fire("flap", 50)
    await scene.quiet()
    (row,) = await scene.installation.watch.rows(
        f"SELECT desired_version, settled_version FROM student WHERE student_id = '{student.student_id}'"  # noqa: S608  our own ids
    )
    # The last withdrawal does nothing, unless the enrolment before it still waits: then it cancels that.
    scene.expect(row in {(99, 99), (100, 100)}, f"ended at the versions {row}")
    writes = [call for call in scene.calls() if student.student_id in call.request and call.method != "GET"]
    scene.expect(len(writes) <= 10, f"{len(writes)} vendor writes name the student")


@BOOK.row(
    29,
    "records that nobody can read: every kind",
    expected="a dead letter once; the partition goes on",
    load=Load(few=60, many=800, mix=Mix(broken=1)),
)
async def unreadable(scene: Scene) -> None:
    key = b"nobody"
    bombs = [b"", b"\x00", b"\x00\x00\x00\x00\x01", b"\xff" * 300, b"{}", None]
    await scene.installation.sis.put_raw(*(Raw(key, value, partition=0) for value in bombs))
    begun = time.monotonic()
    student = scene.person(_NORTH, 0)
    event = scene.event(_NORTH, student, 1)
    await scene.produce([event], partition=0)
    await scene.until(
        "the event behind them is accepted",
        lambda: scene.accepted(event),
        seconds=30,
    )
    scene.expect(time.monotonic() - begun < 5, "the partition stood for seconds behind unreadable records")
    await scene.loaded()
    scene.fire("unreadable record", len(bombs) + sum(record.breakage is not None for record in scene.records))


@BOOK.row(
    30,
    "readable, and senseless",
    expected="rejected with a reason, or taken as it is; no header is broken, nothing sent",
)
async def senseless(scene: Scene) -> None:
    plain = scene.person(_NORTH, 0)
    names = ["\u202etxt.exe", "😀" * 20, "Ω" * 10_000, "a\r\nBcc: x@post.example", "\x00", " ", "<script>", "{{7*7}}"]
    addresses = ["nobody@", "@post.example", "a b@post.example", "x@post.example\nTo: y@post.example", "é@ü.example"]
    odd = [plain.model_copy(update={"student_id": f"odd-{n}", "given_name": name}) for n, name in enumerate(names)]
    odd += [
        plain.model_copy(update={"student_id": f"odd-address-{n}", "contact_email": address})
        for n, address in enumerate(addresses)
    ]
    await scene.produce([scene.event(_NORTH, student, 1) for student in odd])
    scene.fire("senseless event", len(odd))
    await scene.quiet()
    headers = [mail.subject + mail.recipient for mail in scene.installation.world.mail.mailbox.mails]
    scene.expect(not any("\r" in text or "\n" in text for text in headers), "a line break is in a mail's headers")


@BOOK.row(31, "nothing but poison for one tenant, at full rate", expected="the others are served meanwhile")
async def poison(scene: Scene) -> None:
    student = scene.person(_NORTH, 0)
    bad = scene.event(_NORTH, student, 1, status="not-in-any-table")
    flood = [bad] * int(300 * scene.window)
    await scene.produce(flood)
    scene.fire("poisoned event", len(flood))
    event = scene.event("harbour-college", scene.person("harbour-college", 0), 1)
    begun = time.monotonic()
    await scene.produce([event])
    await scene.until("another tenant's event is accepted", lambda: scene.accepted(event), seconds=60)
    scene.expect(time.monotonic() - begun < 30, "another tenant waited behind the poison")


@BOOK.row(
    32,
    "records that are too large, or carry a bomb of headers",
    expected="a dead letter without a copy, or as it is; no crash",
)
async def oversized(scene: Scene) -> None:
    big = scene.person(_NORTH, 0).model_copy(
        update={"student_id": "big", "attributes": {f"key{n}": "x" * 250 for n in range(3_500)}}
    )
    event = scene.event(_NORTH, big, 1)
    headers = tuple((f"header-{n}", b"x" * 400) for n in range(1_500))
    await scene.produce([event])
    await scene.installation.sis.put_raw(
        Raw(b"bomb", b"\x01" * 300_000, headers=headers),
        Raw(b"bomb", scene.event(_NORTH, scene.person(_NORTH, 1), 1).value, headers=headers),
        Raw(b"k" * 100_000, b"\x01" * 900_000),
    )
    scene.fire("oversized record", 4)
    await scene.quiet()
    scene.expect(scene.exits() == 0, "a replica ended")


BOOK.not_run(
    33,
    "mass suspend",
    expected="a guard holds after a threshold",
    why="no provider action suspends yet: create_account is the only one",
)
