"""What a simulation leaves behind, as the checker takes it: by the same collectors as that of real parts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from prometheus_client import generate_latest

from consumer.codec.reader import EventReader
from consumer.events import Student
from consumer.policy.decision import DecisionTable
from consumer.policy.guard import Guarded, guard_limits
from proof.collect.audit import calls
from proof.collect.dead_letters import dead_letter
from proof.collect.forgotten import forgotten
from proof.collect.inputs import InputReader
from proof.collect.owners import Owners
from proof.collect.published import OutcomeReader
from proof.collect.raw import Raw
from proof.collect.world import accounts, mails
from proof.history import (
    AccountRow,
    Bounds,
    Headers,
    HeldAccount,
    History,
    InboxRow,
    Ledger,
    OutboxRow,
    StepRow,
    StudentRow,
    fingerprint,
)
from proof.simulation.database import Database
from proof.simulation.faults import DryRunOver
from proof.simulation.hands import SCHOOLS_PASSWORD
from proof.simulation.institutions import open_secret, settings, tenants
from proof.simulation.kafka.topic import Record
from proof.simulation.replica import KnownSchemas, Replica
from proof.simulation.scenario import Scenario
from proof.simulation.surroundings import Surroundings
from sandbox.simulators.letterbox import initial_password, sign_in_name

BOUNDS = Bounds(
    least_effects=0,
    writes_per_effect_with_faults=40.0,
    quiet=3_600.0,
    spared=20.0,
    report_after=settings().provisioning.report_after,
    report_attempts=settings().provisioning.report_attempts,
)
"""Of one small simulation: a handful of students may meet many faults, or none of them act. Without faults a student takes 3 s, and
one who leaves and returns over and over 10 s."""


def history(
    scenario: Scenario,
    around: Surroundings,
    replicas: Sequence[Replica],
    *,
    faults: Counter[str],
    deaths: Sequence[float],
    replaced: Mapping[str, float],
    changed: Mapping[str, float],
    quiet_at: float | None,
    logs: str,
) -> History:
    """Everything, at the end of the run; `deaths`, `quiet_at` and the times in `replaced` and `changed` are in Unix seconds."""
    topics = settings().kafka.topics
    audit = calls(around.internet.audit.entries(), _owners())
    committed = around.kafka.committed(settings().kafka.group_id, topics.status_changed)
    alive = [replica for replica in replicas if replica.process.alive]
    inputs = InputReader(_reader(), DecisionTable.of(scenario.tenants), scenario.tenants)
    whole = History(
        seed=scenario.seed,
        inputs=[inputs.read(raw) for raw in _raw(around.kafka.records(topics.status_changed))],
        dead_letters=[dead_letter(raw) for raw in _raw(around.kafka.read_committed(topics.dead_letters))],
        published=[
            _published().read(raw) for topic in topics.outcomes for raw in _raw(around.kafka.read_committed(topic))
        ],
        calls=audit,
        accounts=[
            replace(_with_replacement(one, replaced), changed_at=changed.get(one.object_id))
            for one in accounts(around.vendors.graph, around.vendors.google, tenants(), audit)
        ],
        mails=mails(around.vendors.mail, tenants()),
        ledger=_ledger(around.database),
        changes=around.database.change_log.changes,
        committed={(topics.status_changed, partition): offset for partition, offset in committed.items()},
        faults=faults + around.internet.fired + around.database.fired,
        healed_at=around.clock.unix() - around.clock.time() + scenario.healed_at,
        quiet_at=quiet_at,
        canaries=_canaries((sent.record.student for sent in scenario.sent), around),
        logs=logs,
        metrics="" if scenario.faults or scenario.crashes else _metrics(alive),
        whole=all(replica.lives == 1 for replica in alive) and len(alive) == len(replicas),
        deaths=deaths,
        spared=scenario.spared,
        dry_runs={
            fault.tenant_id: around.clock.unix() - around.clock.time() + fault.at
            for fault in scenario.faults
            if isinstance(fault, DryRunOver)
        },
        guards={one.id: guard_limits(one)[Guarded.SUSPEND_ACCOUNT] for one in scenario.tenants},
        approved=around.database.approved,
        announces=frozenset(one.id for one in tenants() if one.deletion.notice),
        bounds=BOUNDS,
    )
    forgot_at = around.database.forgot_at
    return whole if forgot_at is None else forgotten(whole, forgot_at)


def _with_replacement(held: HeldAccount, replaced: Mapping[str, float]) -> HeldAccount:
    if held.object_id not in replaced or held.secret != fingerprint(SCHOOLS_PASSWORD):
        return held
    return replace(held, replaced_at=replaced[held.object_id])


def _metrics(replicas: Iterable[Replica]) -> str:
    """Only for runs without faults: others' can't be held against anything, and to write them takes longer than most runs."""
    return "".join(generate_latest(replica.registry).decode() for replica in replicas)


def _ledger(database: Database) -> Ledger:
    state, applied = database.state, database.change_log.applied
    published = max((relay.published for relay in state.relays.values()), default=0)
    in_batch = {row.publish.event_id: number for number, rows in state.batches.items() for row in rows}
    return Ledger(
        inbox=[
            InboxRow(
                (row.arrival.topic, row.arrival.partition, row.arrival.offset),
                tenant_id,
                event_id,
                row.arrival.event.student.student_id,
                row.arrival.event.version,
                row.disposition.value,
            )
            for (tenant_id, event_id), row in (state.inbox | database.pruned_events).items()
        ],
        students=[
            StudentRow(*key, row.desired_version, row.settled_version, applied.get(key, -1), due=row.due_at is not None)
            for key, row in state.students.items()
        ],
        accounts=[
            AccountRow(
                *key,
                provider,
                one.object_id,
                one.address,
                one.marker,
                one.generation,
                one.announced_version,
                one.state.value,
            )
            for key, row in state.students.items()
            for provider, one in row.known.accounts.items()
        ],
        steps=[
            StepRow(
                *key, provider, name.value, step.state.value, step.version, step.reason.value if step.reason else None
            )
            for key, row in state.students.items()
            for (provider, name), step in row.known.steps.items()
        ],
        outbox=[
            OutboxRow(
                str(event_id),
                row.publish.topic,
                row.publish.key,
                seq,
                published=event_id in database.pruned_outcomes or in_batch.get(event_id, published + 1) <= published,
            )
            for seq, (event_id, row) in enumerate((database.pruned_outcomes | state.outbox).items(), 1)
        ],
        credentials=sum(len(row.known.credentials) for row in state.students.values()),
    )


def _raw(records: Iterable[Record]) -> Iterable[Raw]:
    return (Raw(record.at, record.key(), record.value(), _headers(record)) for record in records)


def _headers(record: Record) -> Headers:
    return tuple(
        (name, value.encode() if isinstance(value, str) else value)
        for name, value in cast("Sequence[tuple[str, str | bytes | None]]", record.headers() or ())
    )


def _canaries(students: Iterable[Student], around: Surroundings) -> frozenset[str]:
    """What must not leave its sinks: names that are too long to be found by chance, addresses, and passwords."""
    texts = {text for one in students for text in (one.contact_email, one.given_name, one.family_name) if text}
    mails = around.vendors.mail.mailbox.mails
    secrets = {text for mail in mails for text in (sign_in_name(mail), initial_password(mail)) if text}
    return frozenset(text for text in texts if len(text) > _BY_CHANCE) | secrets


_BY_CHANCE = 4


@cache
def _owners() -> Owners:
    return Owners.of(tenants(), open_secret)


@cache
def _reader() -> EventReader:
    return EventReader(KnownSchemas())


@cache
def _published() -> OutcomeReader:
    return OutcomeReader(settings().kafka.topics)
