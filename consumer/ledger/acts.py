"""What operators did by commands: which act, by whose hand, why, when, and which students it concerned. Rows are only added.

An act is written down by the transaction that carries it out, so that there is none without its record, and no record of one that was
rolled back. An act that is carried out page by page has one record, made with the first page; each page adds its students.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from consumer.ledger.engine import transaction

_WRITE = text(
    """
    INSERT INTO operator_act (at, kind, tenant_id, acted_by, why, about) VALUES (now(), :kind, :tenant, :by, :why, :about) RETURNING id
    """
).bindparams(bindparam("about", type_=JSONB))
_CONCERN = text(
    """
    INSERT INTO operator_act_student (tenant_id, student_id, act_id)
    SELECT :tenant, student_id, :act FROM unnest(CAST(:students AS text[])) AS concerned(student_id)
    ON CONFLICT DO NOTHING
    """
)
_COLUMNS = """
    SELECT a.id, a.at, a.kind, a.tenant_id, a.acted_by AS by, a.why, a.about,
           (SELECT count(*) FROM operator_act_student s WHERE s.act_id = a.id) AS students
    FROM operator_act a
"""
_AFTER = "(a.at, a.id) > (:at, :id) ORDER BY a.at, a.id LIMIT :limit"
_ALL = text(f"{_COLUMNS} WHERE {_AFTER}")
_OF_TENANT = text(f"{_COLUMNS} WHERE a.tenant_id = :tenant AND {_AFTER}")
_OF_STUDENT = text(
    f"""
    {_COLUMNS} WHERE a.id IN (SELECT act_id FROM operator_act_student WHERE tenant_id = :tenant AND student_id = :student)
    ORDER BY a.at, a.id
    """  # noqa: S608  constants of ours
)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_PAGE = 500


class ActKind(StrEnum):
    """What an operator did."""

    GUARD_APPROVED = "guard_approved"
    GUARD_REJECTED = "guard_rejected"
    TENANT_RESUMED = "tenant_resumed"
    STUDENT_RETRIED = "student_retried"
    HOLDS_RELEASED = "holds_released"
    ACCOUNTS_ADOPTED = "accounts_adopted"
    DIFFERENCES_REPAIRED = "differences_repaired"
    LETTERS_REPLAYED = "letters_replayed"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, by the name of their login, and why, in their own words."""

    name: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """An act as it was written down. `kind` may be a newer version's; `about` has codes and numbers; `students`: how many it concerned."""

    id: int
    at: datetime
    kind: str
    tenant_id: str | None
    by: str
    why: str
    students: int
    about: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


class Recording:
    """The record of one act in the making, for one call: not to be used again after an exception.

    `about`: codes, ids and numbers that say what the act was about. Never a name or an address.
    """

    def __init__(self, kind: ActKind, operator: Operator, *, tenant_id: str | None = None, **about: str | int) -> None:
        self._tenant_id = tenant_id
        self._act = {"kind": kind, "tenant": tenant_id, "by": operator.name, "why": operator.why, "about": about}
        self._id: int | None = None

    def write(self, connection: Connection, students: Sequence[str] = ()) -> None:
        """In the transaction that acts: the act, where it is not written down yet, and these students of its tenant."""
        if self._id is None:
            self._id = connection.execute(_WRITE, self._act).scalar_one()
        if students:
            values = {"tenant": self._tenant_id, "act": self._id, "students": list(students)}
            connection.execute(_CONCERN, values)


class Acts:
    """Only reads. Blocking; every method may raise `Unavailable`."""

    def __init__(self, engine: Engine, *, page: int = _PAGE) -> None:
        self._engine = engine
        self._page = page

    def listed(self, *, tenant_id: str | None = None, since: datetime | None = None) -> Iterator[RecordedAct]:
        """In the order of time, read page by page; `since`: from then on."""
        statement = _ALL if tenant_id is None else _OF_TENANT
        after: dict[str, Any] = {"at": since or _BEGINNING, "id": 0}
        while True:
            with transaction(self._engine) as connection:
                rows = (
                    connection.execute(statement, {**after, "tenant": tenant_id, "limit": self._page}).mappings().all()
                )
            yield from (RecordedAct(**row) for row in rows)
            if len(rows) < self._page:
                return
            after = {"at": rows[-1]["at"], "id": rows[-1]["id"]}

    def of_student(self, tenant_id: str, student_id: str) -> Sequence[RecordedAct]:
        """Those that concerned the student, in the order of time."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_OF_STUDENT, {"tenant": tenant_id, "student": student_id}).mappings().all()
        return [RecordedAct(**row) for row in rows]
