"""What people do to accounts that we made, before a newer event comes."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from consumer.events import Provider, Student
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.departures import WAYS, Standing, enrol, leave, leavers, stand, standings
from proof.chaos.rows.departures import gone as left
from proof.chaos.rows.directories import BOTH, belongings, block, delete, strip
from proof.chaos.rows.students import accounts, people, reasons, settled

_ACTS = ((block, "account disabled"), (delete, "account deleted"), (strip, "account stripped"))
"""By turns: what is done to the students' accounts, and how it is counted."""
_EACH = 4


@BOOK.row(
    71,
    "accounts disabled, deleted or stripped by hand, then a newer event",
    expected="restored, given again, or held and reported",
)
async def by_hand(experiment: Experiment) -> None:
    students = {tenant_id: people(experiment, tenant_id, len(_ACTS) * _EACH) for tenant_id, _ in BOTH}
    idents = [student.student_id for some in students.values() for student in some]
    await _send(experiment, students, version=1, status="enrolled")

    await experiment.until("everybody has an account", partial(settled, experiment, idents), seconds=60)
    known = await accounts(experiment, idents)
    had = {tenant_id: _belongings(experiment, tenant_id, some, known) for tenant_id, some in students.items()}
    for tenant_id, some in students.items():
        for index, student in enumerate(some):
            act, counted = _ACTS[index % len(_ACTS)]
            act(experiment, tenant_id, known[student.student_id])
            experiment.fire(counted)
    leaving = await _leaving_by_hand(experiment)
    await _send(experiment, students, version=2, status="withdrawn")
    await _send(experiment, students, version=3, status="enrolled")
    disabled = [(tenant_id, one.student_id) for tenant_id, some in students.items() for one in some[:: len(_ACTS)]]
    wanted = dict.fromkeys((ident for _, ident in disabled), "account_disabled")

    async def held() -> bool:
        return await reasons(experiment, idents, reported=True) == wanted

    await experiment.until(
        "the students with a disabled account are held and reported, and no others", held, seconds=60
    )
    for tenant_id, ident in disabled:
        block(experiment, tenant_id, known[ident], blocked=False)
    await experiment.until(
        "everybody's newer event is carried out", partial(settled, experiment, idents, version=3), seconds=60
    )
    now = await accounts(experiment, idents)
    experiment.expect(now == known, "a student has another account than before")
    for tenant_id, some in students.items():
        lacks = [
            one for one, what in _belongings(experiment, tenant_id, some, now).items() if what != had[tenant_id][one]
        ]
        experiment.expect(not lacks, f"{len(lacks)} accounts at {tenant_id} lack licences or groups")
    for tenant_id, wanted in leaving.items():
        await stand(experiment, tenant_id, wanted)


async def _leaving_by_hand(experiment: Experiment) -> Mapping[str, Mapping[str, Standing]]:
    """By tenant, of each act one student more who leaves in each way: how their accounts are to be. Those deleted by hand stay so."""
    wanted: dict[str, dict[str, Standing]] = {}
    for tenant_id, _ in BOTH:
        some = people(experiment, tenant_id, len(_ACTS) * len(WAYS), first=_LEAVE_FROM)
        idents = [one.student_id for one in some]
        await experiment.produce([experiment.event(tenant_id, one, 1) for one in some])
        await experiment.until("who will leave has an account", partial(settled, experiment, idents), seconds=60)
        known = await accounts(experiment, idents)
        wanted[tenant_id] = {}
        pairs = [(act, status) for act, _ in _ACTS for status in WAYS]
        for one, (act, status) in zip(some, pairs, strict=True):
            act(experiment, tenant_id, known[one.student_id])
            experiment.fire(f"{dict(_ACTS)[act]}, then {status}")
            wanted[tenant_id][one.student_id] = Standing.DELETED if act is delete else WAYS[status]
            await experiment.produce([experiment.event(tenant_id, one, 2, status=status)])
    return wanted


_LEAVE_FROM = 100
"""Numbers of students that leave this row's others alone."""
_FOUND = {block: {"disabled"}, delete: {"deleted"}, strip: {"stripped", "left_group"}}
"""What a reconciliation says of each act; there are no licences of single accounts at Google."""
_AT_ONCE = {"PROVISIONER_PROVISIONING__VERIFY_AFTER": "0.1"}
"""Accounts that were changed a moment ago are compared too: the simulated replicas do not lag here."""


@BOOK.row(
    49,
    "accounts disabled, deleted or stripped by hand, and reconciled under load",
    expected="all found, no others; nothing undone without --repair, what may be with it",
)
async def reconciled(experiment: Experiment) -> None:
    students = {tenant_id: people(experiment, tenant_id, len(_ACTS) * _EACH) for tenant_id, _ in BOTH}
    idents = [student.student_id for some in students.values() for student in some]
    await _send(experiment, students, version=1, status="enrolled")
    await experiment.until("everybody has an account", partial(settled, experiment, idents), seconds=60)
    known = await accounts(experiment, idents)
    had = {tenant_id: _belongings(experiment, tenant_id, some, known) for tenant_id, some in students.items()}
    gone = await _reopened(experiment)
    for tenant_id, provider in BOTH:
        expected = {(ident, "enabled") for ident in gone[tenant_id]}
        for index, student in enumerate(students[tenant_id]):
            act, counted = _ACTS[index % len(_ACTS)]
            act(experiment, tenant_id, known[student.student_id])
            experiment.fire(counted)
            kinds = _FOUND[act] - ({"stripped"} if provider is Provider.GOOGLE else set())
            expected |= {(student.student_id, kind) for kind in kinds}
        found = await _findings(experiment, tenant_id)
        experiment.expect(found == expected, f"{len(found ^ expected)} findings at {tenant_id} are missing or false")
        again = await _findings(experiment, tenant_id)
        experiment.expect(again == expected, f"without --repair, {len(again ^ expected)} changed at {tenant_id}")
        await _findings(experiment, tenant_id, "--repair")

        async def repaired(tenant_id: str = tenant_id) -> bool:
            some = [one for index, one in enumerate(students[tenant_id]) if _ACTS[index % len(_ACTS)][0] is not block]
            standing = _belongings(experiment, tenant_id, some, known)
            blocked = await standings(experiment, tenant_id, gone[tenant_id])
            return set(blocked.values()) == {Standing.BLOCKED} and all(
                standing[one.student_id] == had[tenant_id][one.student_id] for one in some
            )

        await experiment.until("what may be set right is", repaired, seconds=60)
        disabled = {(one.student_id, "disabled") for one in students[tenant_id][:: len(_ACTS)]}
        left = await _findings(experiment, tenant_id)
        experiment.expect(left == disabled, f"after --repair, {len(left ^ disabled)} findings at {tenant_id} differ")
        for one in students[tenant_id][:: len(_ACTS)]:
            block(experiment, tenant_id, known[one.student_id], blocked=False)
    now = await accounts(experiment, idents)
    experiment.expect(now == known, "a student has another account than before")


async def _reopened(experiment: Experiment) -> Mapping[str, Sequence[str]]:
    """By tenant: students who had left, and whose accounts people have opened. Beside them others were deleted and released."""
    those = [leavers(experiment, tenant_id, 2, first=_LEAVE_FROM) for tenant_id, _ in BOTH]
    await enrol(experiment, *those)
    await leave(experiment, *those)
    await left(experiment, *those)
    idents = {one.tenant_id: [student.student_id for student in one.ways["left"]] for one in those}
    for tenant_id, some in idents.items():
        for ident in (await accounts(experiment, some)).values():
            block(experiment, tenant_id, ident, blocked=False)
            experiment.fire("suspended account opened")
    return idents


async def _findings(experiment: Experiment, tenant_id: str, *more: str) -> set[tuple[str, str]]:
    """Student and kind of each."""
    service = experiment.installation.service
    report = service.folder / "findings.jsonl"
    words = ("reconcile", "--tenant", tenant_id, "--report", str(report), *more)
    await service.command(*words, environ=_AT_ONCE, statuses=(0, 3))
    findings = [json.loads(line) for line in report.read_text().splitlines()]
    return {(finding["student_id"], finding["kind"]) for finding in findings}


async def _send(
    experiment: Experiment, students: Mapping[str, Sequence[Student]], *, version: int, status: str
) -> None:
    await experiment.produce(
        [
            experiment.event(tenant_id, one, version, status=status)
            for tenant_id, some in students.items()
            for one in some
        ]
    )


def _belongings(
    experiment: Experiment, tenant_id: str, students: Sequence[Student], known: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    return {one.student_id: belongings(experiment, tenant_id, known[one.student_id]) for one in students}
