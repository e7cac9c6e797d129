"""Whether every event ended as it should: the topic against the ledger, the vendors, the mailbox and what downstream reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka import Message

from consumer.codec.dead_letters import REASON_HEADER
from consumer.events import Provider
from consumer.policy.marker import marker
from sandbox.demo.environment import Environment
from sandbox.demo.ledger_view import InboxRow
from sandbox.demo.scenario import Place, Scenario
from sandbox.demo.topics import headers_of
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.expectation import Fate
from sandbox.simulators.letterbox import initial_password, sign_in_name
from sandbox.simulators.mailgun.mailbox import Mail

_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is checked. `failing` is the student whom a vendor refuses for good."""

    environment: Environment
    scenario: Scenario
    inbox: Mapping[tuple[str, str], InboxRow]
    topics: Mapping[str, Sequence[Message]]
    failing: tuple[str, str]


@dataclass(slots=True)
class Report:
    """What was found. `wrong` is empty where all is well."""

    fates: Mapping[str, Counter[str]]
    accounts: Counter[str]
    mails: Counter[str]
    outcomes: Counter[str]
    wrong: list[str] = field(default_factory=list[str])


def check(evidence: Evidence) -> Report:
    """Goes through every record, every student and every outcome."""
    dead_letters = _dead_letters(evidence)
    fates: dict[str, Counter[str]] = {tenant.id: Counter() for tenant in evidence.environment.tenants}
    wrong: list[str] = []
    for place, record in evidence.scenario.records.items():
        fate = _fate(place, record, dead_letters, evidence.inbox)
        fates.setdefault(record.tenant_id, Counter())[fate] += 1
        if not _right(record, fate, dead_letters.get(place), evidence.failing):
            wrong.append(
                f"{record.tenant_id}, offset {place[0]}/{place[1]}: ended as {fate}, expected {record.expectation}"
            )
    outcomes = Counter({topic: len(messages) for topic, messages in evidence.topics.items()})
    report = Report(fates, Counter(), Counter(), outcomes, wrong)
    _students(evidence, report)
    _repeats(evidence, report)
    return report


def _dead_letters(evidence: Evidence) -> Mapping[Place, str]:
    dead_letters: dict[Place, str] = {}
    for message in evidence.topics[evidence.environment.settings.kafka.topics.dead_letters]:
        headers = headers_of(message)
        partition, offset = (int(headers[f"__connect.errors.{name}"]) for name in ("partition", "offset"))
        dead_letters[partition, offset] = headers[REASON_HEADER].decode()
    return dead_letters


def _fate(
    place: Place, record: SimulatedRecord, dead_letters: Mapping[Place, str], inbox: Mapping[tuple[str, str], InboxRow]
) -> str:
    if place in dead_letters:
        return Fate.DEAD_LETTER
    row = inbox.get((record.tenant_id, record.event_id or ""))
    if row is None:
        return Fate.SKIPPED
    return row.disposition if row.place == place else Fate.DUPLICATE


def _right(record: SimulatedRecord, fate: str, reason: str | None, failing: tuple[str, str]) -> bool:
    if fate == _FAILED:
        return (record.tenant_id, record.student_id) == failing and Fate.APPLIED in record.expectation.fates
    if fate == Fate.APPLIED and (record.tenant_id, record.student_id) == failing:
        return False
    return record.expectation.met_by(Fate(fate), reason)


def _students(evidence: Evidence, report: Report) -> None:
    """Each student who should have an account has one at each provider, one mail for it, and the password in it works."""
    world = evidence.environment.world
    mails: dict[str, list[Mail]] = {}
    for mail in world.mail.mailbox.mails:
        mails.setdefault(sign_in_name(mail), []).append(mail)
    tenants = {tenant.id: tenant for tenant in evidence.environment.tenants}
    expected = {
        (r.tenant_id, r.student_id) for r in evidence.scenario.records.values() if Fate.APPLIED in r.expectation.fates
    }
    for tenant_id, student_id in sorted(expected - {evidence.failing}):
        for provider in tenants[tenant_id].providers:
            held = accounts_of(evidence.environment, tenant_id, student_id, provider)
            report.accounts[tenant_id] += len(held)
            if len(held) != 1:
                report.wrong.append(f"{tenant_id}, student {student_id}: {len(held)} accounts at {provider}")
                continue
            got = [mail for mail in mails.get(held[0], ()) if _opens(evidence.environment, provider, held[0], mail)]
            report.mails[tenant_id] += len(got)
            if len(got) != 1:
                report.wrong.append(
                    f"{tenant_id}, student {student_id}: {len(got)} mails that open the {provider} account"
                )


def accounts_of(environment: Environment, tenant_id: str, student_id: str, provider: Provider) -> Sequence[str]:
    """Addresses of the accounts that carry the student's marker."""
    mark = marker(provider, tenant_id, student_id)
    tenant = next(tenant for tenant in environment.tenants if tenant.id == tenant_id)
    if provider is Provider.MICROSOFT and tenant.microsoft:
        users = environment.world.graph.directories[tenant.microsoft.tenant_id].users.values()
        return [user.upn for user in users if user.marker == mark]
    customer = environment.world.google.customer_of(f"x@{tenant.addresses.domain}")
    return [user.primary_email for user in customer.users if mark in user.external_ids] if customer else []


def _opens(environment: Environment, provider: Provider, address: str, mail: Mail) -> bool:
    password = initial_password(mail)
    if provider is Provider.GOOGLE:
        customer = environment.world.google.customer_of(address)
        return customer is not None and customer.sign_in(address, password)
    return any(directory.sign_in(address, password) for directory in environment.world.graph.directories.values())


def _repeats(evidence: Evidence, report: Report) -> None:
    ids: Counter[bytes] = Counter()
    for topic in evidence.environment.settings.kafka.topics.outcomes:
        for message in evidence.topics[topic]:
            headers = headers_of(message)
            ids[headers["ce_id"]] += 1
    report.wrong.extend(f"outcome {ident.decode()} is there {count} times" for ident, count in ids.items() if count > 1)
