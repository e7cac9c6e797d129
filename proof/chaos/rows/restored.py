"""Restored: the ledger is an older one than the group and the topics have seen."""

import time
from collections import Counter
from functools import partial

from proof.chaos.collect import collect
from proof.chaos.row import BOOK
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.rows.students import people, settled
from proof.chaos.scene import Scene
from proof.checker import check
from proof.collect.forgotten import forgotten
from proof.history import Bounds
from sandbox.simulators.expectation import APPLIED

_BEHIND, _RECALLS = "provisioner_ledger_behind_total", "provisioner_relay_recalls_total"
_NEWER = 100
"""A version above all of the load's."""


async def _judge(scene: Scene) -> int:
    """All invariants but those over the ledger's changes, of which the restored one has forgotten a part."""
    now = time.time()
    history = await collect(
        scene.installation,
        seed=scene.installation.seed,
        faults=scene.fired,
        students=[record.student for record in scene.records],
        healed_at=now,
        quiet_at=now,
        bounds=Bounds(least_effects=scene.students),
    )
    report = check(forgotten(history, now))
    scene.wrong += [str(violation) for violation in report.violations]
    scene.wrong += report.invalid
    told = Counter(one.outcome.event_id for one in history.told)
    scene.expect(all(count == 1 for count in told.values()), "an outcome is on its topic twice")
    sent = Counter(mail.message_id for mail in history.mails)
    scene.expect(all(count == 1 for count in sent.values()), "a mail was sent twice")
    return sum(call.effective for call in history.calls)


@BOOK.row(
    80,
    "a ledger older than the group's offsets and the topics: a backup is restored",
    expected="noticed; every event of the gap is processed; no account, mail or outcome twice",
    judge=_judge,
    heals_within=180,
)
async def older_ledger(scene: Scene) -> None:
    database = scene.installation.database
    await scene.loaded()
    await scene.quiet()  # a mail that is under way while the backup is taken may be sent again
    await database.back_up()
    each = scene.students // 5
    later = [(tenant.id, s) for tenant in scene.installation.tenants for s in people(scene, tenant.id, each)]
    await scene.produce([scene.event(tenant_id, student, 1) for tenant_id, student in later])
    again = [record for record in scene.load_records if record.expectation == APPLIED][:each]
    await scene.produce([scene.event(record.tenant_id, record.student, _NEWER) for record in again])
    await scene.quiet()
    creations = len(_creations(scene))
    for replica in scene.replicas:
        await replica.down(hard=True)
    await database.restore()
    scene.fire("backup restored")
    for replica in scene.replicas:
        await replica.up()

    async def noticed() -> bool:
        return await scene.metric(_BEHIND) > 0 and await scene.metric(_RECALLS) > 0

    await scene.until("the intake and the relay notice it", noticed)
    scene.fire("partition behind the group", int(await scene.metric(_BEHIND)))
    idents = [student.student_id for _, student in later]
    await scene.until("the gap is processed again", partial(settled, scene, idents))
    await scene.quiet()
    twice = len(_creations(scene)) - creations
    scene.expect(not twice, f"{twice} accounts were made once more")


def _creations(scene: Scene) -> list[int]:

    return [call.number for route in CREATIONS for call in scene.calls(route) if call.status < 300]
