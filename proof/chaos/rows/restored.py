"""Restored: the ledger is an older one than the group and the topics have seen."""

import time
from collections import Counter
from functools import partial

from proof.chaos.collect import collect
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.rows.students import people, settled
from proof.checker import check
from proof.collect.forgotten import forgotten
from proof.history import Bounds
from sandbox.simulators.expectation import APPLIED

BEHIND, _RECALLS = "provisioner_ledger_behind_total", "provisioner_relay_recalls_total"
_NEWER = 100
"""A version above all of the load's."""


async def judged_as_forgotten(experiment: Experiment) -> int:
    """All invariants but those over the ledger's changes, of which the restored one has forgotten a part."""
    now = time.time()
    history = await collect(
        experiment.installation,
        seed=experiment.installation.seed,
        faults=experiment.fired,
        students=[record.student for record in experiment.records],
        healed_at=now,
        quiet_at=now,
        bounds=Bounds(least_effects=experiment.students),
    )
    report = check(forgotten(history, now))
    experiment.wrong += [str(violation) for violation in report.violations]
    experiment.wrong += report.invalid
    published = Counter(one.outcome.event_id for one in history.published)
    experiment.expect(all(count == 1 for count in published.values()), "an outcome is on its topic twice")
    sent = Counter(mail.message_id for mail in history.mails)
    experiment.expect(all(count == 1 for count in sent.values()), "a mail was sent twice")
    return sum(call.effective for call in history.calls)


@BOOK.row(
    80,
    "a ledger older than the group's offsets and the topics: a backup is restored",
    expected="noticed; every event of the gap is processed; no account, mail or outcome twice",
    judge=judged_as_forgotten,
    heals_within=180,
)
async def older_ledger(experiment: Experiment) -> None:
    database = experiment.installation.database
    await experiment.loaded()
    await experiment.quiet()  # a mail that is under way while the backup is taken may be sent again
    await database.back_up()
    each = experiment.students // 5
    later = [(tenant.id, s) for tenant in experiment.installation.tenants for s in people(experiment, tenant.id, each)]
    await experiment.produce([experiment.event(tenant_id, student, 1) for tenant_id, student in later])
    again = [record for record in experiment.load_records if record.expectation == APPLIED][:each]
    await experiment.produce([experiment.event(record.tenant_id, record.student, _NEWER) for record in again])
    await experiment.quiet()
    before = len(creations(experiment))
    for replica in experiment.replicas:
        await replica.down(hard=True)
    await database.restore()
    experiment.fire("backup restored")
    for replica in experiment.replicas:
        await replica.up()

    async def noticed() -> bool:
        return await experiment.metric(BEHIND) > 0 and await experiment.metric(_RECALLS) > 0

    await experiment.until("the intake and the relay notice it", noticed)
    experiment.fire("partition behind the group", int(await experiment.metric(BEHIND)))
    idents = [student.student_id for _, student in later]
    await experiment.until("the gap is processed again", partial(settled, experiment, idents))
    await experiment.quiet()
    twice = len(creations(experiment)) - before
    experiment.expect(not twice, f"{twice} accounts were made once more")


def creations(experiment: Experiment) -> list[int]:
    """The calls that made an account."""
    return [call.number for route in CREATIONS for call in experiment.calls(route) if call.status < 300]
