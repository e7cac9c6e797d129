"""A small history in which all is well, to be broken in one place: student S1 of `north` gets an account at Microsoft, and a mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from consumer.errors import Reason
from consumer.events import (
    AccountChange,
    AccountChanged,
    AccountPart,
    AccountProvisioned,
    AccountProvisioningFailed,
    Cause,
    MailState,
    Origin,
    Outcome,
    Provider,
    ProviderAction,
    ProvisionedAccount,
    SignOnIdentity,
    StepName,
    WelcomeEmailStatus,
)
from consumer.policy.marker import marker
from proof.checker import check
from proof.history import (
    AccountRow,
    Call,
    Change,
    DeadLetter,
    ExpectedOutcome,
    HeldAccount,
    History,
    InboxRow,
    Input,
    Ledger,
    Mail,
    Operation,
    OutboxRow,
    PublishedOutcome,
    StepRow,
    StudentRow,
)

START = 1_800_000_000.0
TENANT, STUDENT, OBJECT = "north", "S1", "object-1"
MARK = marker(Provider.MICROSOFT, TENANT, STUDENT)
ADDRESS, MESSAGE = "s1@students.north.example", "welcome.1@mail.north.example"
SKU, GROUP = "sku-1", "group-1"
SECRET = "a-fingerprint"
KEY = b"north/S1"
IN, PROVISIONED, FAILED, WELCOME, DEAD = "in", "provisioned", "failed", "welcome", "dead"


def digest(words: str) -> bytes:
    return sha256(words.encode()).digest()


def record(offset: int, *, event: str | None = None, version: int = 1, **other: Any) -> Input:
    """A record of the input topic; by default one that acts for S1."""
    event = event or f"event-{offset}"
    known: dict[str, Any] = {
        "expected": ExpectedOutcome.ACT,
        "tenant_id": TENANT,
        "student_id": STUDENT,
        "providers": (Provider.MICROSOFT,),
        "action": ProviderAction.CREATE_ACCOUNT,
        "headers": (("source", b"sis"),),
        "digest": digest(event),
    }
    return Input(place=(IN, 0, offset), key=KEY, event_id=event, version=version, **{**known, **other})


def row(one: Input, disposition: str = "applied") -> InboxRow:
    """The inbox's row of a record."""
    return InboxRow(one.place, TENANT, one.event_id or "", one.student_id or "", one.version or 0, disposition)


def dead_letter(one: Input, reason: str, *, offset: int = 0, **other: Any) -> DeadLetter:
    """A faithful dead letter of a record."""
    known: dict[str, Any] = {"key": one.key, "headers": (*one.headers, ("provisioner-reason", reason.encode()))}
    return DeadLetter((DEAD, 0, offset), one.place, reason, digest=one.digest, **{**known, **other})


def call(number: int, operation: Operation, **other: Any) -> Call:
    """A call that succeeded, one second after the one before."""
    known: dict[str, Any] = {
        "tenant_id": TENANT,
        "service": "mailgun" if operation in {Operation.SEND, Operation.LOOK_UP} else "microsoft",
        "status": 200,
        "executed": True,
        "answered": True,
        "credential_of": TENANT,
    }
    return Call(number=number, at=START + number, operation=operation, **{**known, **other})


def about(number: int, operation: Operation, **other: Any) -> Call:
    """A call about S1's account."""
    return call(number, operation, **{"object_id": OBJECT, "address": ADDRESS, "marker": MARK, **other})


def asked_to_wait(number: int, *, seconds: float) -> Call:
    """A call that Microsoft refused for the time being."""
    return about(number, Operation.GROUP, detail=GROUP, status=429, executed=False, retry_after=seconds)


def send(number: int, **other: Any) -> Call:
    """The welcome mail."""
    return call(number, Operation.SEND, **{"address": ADDRESS, "secret": SECRET, "detail": MESSAGE, **other})


def account(**other: Any) -> HeldAccount:
    """S1's account."""
    known: dict[str, Any] = {
        "object_id": OBJECT,
        "address": ADDRESS,
        "marker": MARK,
        "deleted": False,
        "ours": True,
        "secret": SECRET,
        "licences": frozenset({SKU}),
        "groups": frozenset({GROUP}),
        "created_at": START + 2,
    }
    return HeldAccount(TENANT, Provider.MICROSOFT, **{**known, **other})


def provisioned(*, object_id: str = OBJECT, at: float = START + 5, version: int = 1, **other: Any) -> Outcome:
    """`account-provisioned`, at a time."""
    known: dict[str, Any] = {
        "account": ProvisionedAccount(object_id, ADDRESS, ADDRESS, Origin.CREATED),
        "identity": SignOnIdentity("https://issuer.example", object_id),
        "licences": (SKU,),
        "groups": (GROUP,),
        "duration_ms": 1,
    }
    return AccountProvisioned(**_common(1, at, version), **{**known, **other})


def changed(change: AccountChange, *, at: float, version: int, **other: Any) -> Outcome:
    """`account-changed`, at a time."""
    known: dict[str, Any] = {
        "action": ProviderAction.SUSPEND_ACCOUNT,
        "account": ProvisionedAccount(OBJECT, ADDRESS, ADDRESS, Origin.CREATED),
        "parts": (AccountPart.SIGN_IN, AccountPart.SESSIONS),
        "missing": (),
        "duration_ms": 1,
    }
    return AccountChanged(**_common(10 + version, at, version), change=change, **{**known, **other})


def failed(*, version: int = 1, final: bool = True, step: StepName = StepName.CREATE) -> Outcome:
    """`account-provisioning-failed`."""
    return AccountProvisioningFailed(
        **_common(3, START + 1, version),
        step=step,
        reason=Reason.ACCOUNT_CONFLICT,
        final=final,
        retry_at=None,
        message="Taken.",
    )


def welcome(state: MailState = MailState.ACCEPTED, **other: Any) -> Outcome:
    """`welcome-email-status`."""
    known: dict[str, Any] = {"reason": None, "message_id": MESSAGE if state is MailState.ACCEPTED else None}
    return WelcomeEmailStatus(**_common(2, START + 7, 1), state=state, **{**known, **other})


def _common(number: int, at: float, version: int) -> Mapping[str, Any]:
    return {
        "event_id": UUID(int=number),
        "occurred_at": datetime.fromtimestamp(at, UTC),
        "tenant_id": TENANT,
        "student_id": STUDENT,
        "cause": Cause(f"event-{version}", version),
        "provider": Provider.MICROSOFT,
    }


def published(outcome: Outcome, *, topic: str = PROVISIONED, offset: int = 0) -> PublishedOutcome:
    """An outcome on its topic."""
    return PublishedOutcome((topic, 0, offset), KEY, (("ce_id", str(outcome.event_id).encode()),), outcome)


def step(number: int, name: str, state: str, *, epoch: int = 1, request: bytes = b"hash") -> Change:
    """A step's row as a commit left it."""
    row = {
        "tenant_id": TENANT,
        "student_id": STUDENT,
        "provider": "microsoft",
        "name": name,
        "state": state,
        "request_hash": request,
        "lease_epoch": epoch,
    }
    return Change(number, START + number / 10, "step", row)


def waits(at: float) -> Change:
    """The wait of the tenant at Microsoft as a commit left it."""
    return Change(900, at, "tenant_wait", {"tenant_id": TENANT, "service": "microsoft", "until": at + 300})


def student(number: int, **columns: int) -> Change:
    """The student's row as a commit left it."""
    known = {"desired_version": 1, "settled_version": -1, "applied_version": -1, "lease_epoch": 0}
    return Change(
        number,
        START + number / 10,
        "student",
        {"tenant_id": TENANT, "student_id": STUDENT, **known, **columns},
    )


def skip(offset: int, *, version: int) -> Input:
    """A record for S1 that asks for nothing."""
    return record(offset, version=version, expected=ExpectedOutcome.SKIP, reason="no_action", providers=())


def passed(number: int, offset: int) -> Change:
    """The ledger's next offset as a commit left it."""
    row = {"topic": IN, "partition": 0, "epoch": 1, "next_offset": offset}
    return Change(number, START + number / 10, "partition_epoch", row)


def put_off(number: int, *, seconds: float = 60.0, version: int = 1) -> Change:
    """The student's row, given back to wait."""
    at = START + number / 10
    columns = {"lease_until": None, "due_at": at + seconds, "claimed_version": version}
    return replace(student(number, lease_epoch=1), row={**student(number, lease_epoch=1).row, **columns})


def wait(number: int, **columns: Any) -> Change:
    """Why S1 waits, as a commit left it."""
    known = {
        "tenant_id": TENANT,
        "student_id": STUDENT,
        "provider": "microsoft",
        "step": "create",
        "reason": "account_conflict",
        "code": None,
        "held": False,
        "version": 1,
        "attempts": 1,
        "reported": False,
        "since": START,
        "until": START + 60,
    }
    return Change(number, START + number / 10, "student_wait", {**known, **columns})


@dataclass
class Story:
    """The right history, part by part; tests change parts of it."""

    inputs: list[Input] = field(default_factory=lambda: [record(1)])
    inbox: list[InboxRow] = field(default_factory=lambda: [row(record(1))])
    dead_letters: list[DeadLetter] = field(default_factory=list[DeadLetter])
    calls: list[Call] = field(
        default_factory=lambda: [
            call(1, Operation.FIND),
            about(2, Operation.CREATE, secret=SECRET, status=201),
            about(3, Operation.LICENCES, detail=SKU),
            about(4, Operation.GROUP, detail=GROUP, status=204),
            send(6),
        ]
    )
    accounts: list[HeldAccount] = field(default_factory=lambda: [account()])
    mails: list[Mail] = field(default_factory=lambda: [Mail(START + 6, TENANT, MESSAGE, ADDRESS, SECRET)])
    published: list[PublishedOutcome] = field(
        default_factory=lambda: [published(provisioned()), published(welcome(), topic=WELCOME)]
    )
    outbox: list[OutboxRow] = field(
        default_factory=lambda: [
            OutboxRow(str(UUID(int=1)), PROVISIONED, KEY, 1, published=True),
            OutboxRow(str(UUID(int=2)), WELCOME, KEY, 2, published=True),
        ]
    )
    students: list[StudentRow] = field(default_factory=lambda: [StudentRow(TENANT, STUDENT, 1, 1, 1, due=False)])
    rows: list[AccountRow] = field(
        default_factory=lambda: [AccountRow(TENANT, STUDENT, Provider.MICROSOFT, OBJECT, ADDRESS, MARK, 0, 1)]
    )
    steps: list[StepRow] = field(default_factory=list[StepRow])
    changes: list[Change] = field(
        default_factory=lambda: [
            student(1),
            student(2, lease_epoch=1),
            *(
                step(number, name, state)
                for number, (name, state) in enumerate(
                    ((n, s) for n in ("create", "licences", "groups", "welcome") for s in ("started", "done")), start=3
                )
            ),
            student(11, lease_epoch=1, settled_version=1, applied_version=1),
        ]
    )
    other: dict[str, Any] = field(default_factory=dict[str, Any])

    def history(self) -> History:
        """As the checker is given it."""
        ledger = Ledger(
            inbox=self.inbox, students=self.students, accounts=self.rows, steps=self.steps, outbox=self.outbox
        )
        whole = History(
            seed=1,
            inputs=self.inputs,
            dead_letters=self.dead_letters,
            published=self.published,
            calls=self.calls,
            accounts=self.accounts,
            mails=self.mails,
            ledger=ledger,
            changes=self.changes,
            committed={(IN, 0): max(one.place[2] for one in self.inputs) + 1},
            healed_at=START,
            quiet_at=START + 20,
        )
        return replace(whole, **self.other)

    def tell(self, outcome: Outcome) -> None:
        """One more outcome, in the ledger and on its topic."""
        seq = len(self.outbox) + 1
        self.published.append(published(outcome, offset=seq))
        self.outbox.append(OutboxRow(str(outcome.event_id), PROVISIONED, KEY, seq, published=True))

    def faulty(self) -> "Story":
        """The same, in which a fault fired."""
        self.other["faults"] = {"lost answer": 1}
        return self

    def broken(self) -> list[str]:
        """The invariants that the checker finds broken, each once."""
        report = check(self.history())
        assert not report.invalid, report.invalid
        return list(report.broken())

    def evidence(self) -> list[str]:
        """What the checker says of it."""
        return [str(violation) for violation in check(self.history()).violations]
