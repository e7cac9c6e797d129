"""A school whose students all have their accounts: at the simulated vendors and in the ledger, however many, in seconds.

`seed_differences` then does by hand what people do to accounts, and says what a reconciliation must find.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, text

from consumer.events import Provider, Status, Student, StudentStatusChanged
from consumer.policy.marker import marker
from consumer.reconcile.finding import Finding, Kind
from consumer.tenants import Tenant
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.user import User as GoogleUser
from sandbox.simulators.graph.directory import Directory as GraphDirectory
from sandbox.simulators.graph.user import User as GraphUser
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.vendors import SKU, Institution
from sandbox.simulators.world import World

_STUDENTS = text(
    """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, settled_version, applied_version)
    SELECT :tenant, student_id, 1, desired, now() - interval '2 days', 1, 1
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(student_id text, desired jsonb)
    """
)
_ACCOUNTS = text(
    """
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version, state)
    SELECT :tenant, student_id, :provider, address, marker, body, 0, object_id, 'created', licences, groups, 1, state
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(student_id text, address text, marker text, body jsonb, object_id text,
                                                         licences text[], groups text[], state text)
    """
)
_STEPS = text(
    """
    INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline, ended_at,
                      lease_epoch)
    SELECT :tenant, student_id, :provider, name, 'done', 1, 1, '', now() - interval '2 days', now() - interval '2 days',
      now() - interval '2 days', 1
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(student_id text, steps jsonb), jsonb_array_elements_text(steps) AS name
    """
)
_CHUNK = 5_000
_LEFT_EVERY = 4
"""One of so many students has left, and their account is suspended."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student with their account, as the ledger has it."""

    student_id: str
    address: str
    marker: str
    object_id: str
    left: bool
    school: str


class SettledSchool:
    """One institution's `count` students at one provider. Those who left are suspended; nothing is planned for any of them."""

    def __init__(self, world: World, engine: Engine, tenant: Tenant, provider: Provider, count: int) -> None:
        self._engine = engine
        self.tenant = tenant
        self.provider = provider
        (self._institution,) = (one for one in world.institutions if one.id == tenant.id)
        self.directory = (
            _AtGraph(world, self._institution)
            if provider is Provider.MICROSOFT
            else _AtGoogle(world, self._institution)
        )
        self.pupils = [self._make(number) for number in range(count)]
        for start in range(0, count, _CHUNK):
            self._write(self.pupils[start : start + _CHUNK])

    def forget(self, pupil: Pupil) -> None:
        """The ledger loses what it knew of the account's object."""
        self._execute(
            "UPDATE account SET object_id = NULL, origin = NULL WHERE tenant_id = :tenant AND student_id = :student",
            pupil,
        )

    def erase(self, pupil: Pupil) -> None:
        """The ledger loses the student."""
        for table in ("account", "step", "student"):
            self._execute(f"DELETE FROM {table} WHERE tenant_id = :tenant AND student_id = :student", pupil)  # noqa: S608

    def _execute(self, statement: str, pupil: Pupil) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), {"tenant": self.tenant.id, "student": pupil.student_id})

    def _make(self, number: int) -> Pupil:
        ident, school = f"s{number:06}", SCHOOLS[number % len(SCHOOLS)]
        mark, address = marker(self.provider, self.tenant.id, ident), f"{ident}@{self._institution.domain}"
        left = number % _LEFT_EVERY == 0
        object_id = self.directory.add(address, mark, school=school, left=left)
        return Pupil(ident, address, mark, object_id, left, school)

    def _write(self, pupils: Sequence[Pupil]) -> None:
        rows = json.dumps([self._row(one) for one in pupils])
        values = {"tenant": self.tenant.id, "provider": self.provider, "rows": rows}
        with self._engine.begin() as connection:
            for statement in (_STUDENTS, _ACCOUNTS, _STEPS):
                connection.execute(statement, values)

    def _row(self, pupil: Pupil) -> Mapping[str, object]:
        student = Student(
            student_id=pupil.student_id, given_name="Maria", family_name="Rossi", attributes={"school": pupil.school}
        )
        event = StudentStatusChanged(
            event_id=f"{pupil.student_id}/1",
            occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
            tenant_id=self.tenant.id,
            version=1,
            status=Status(id="left" if pupil.left else "enrolled", name="", type=""),
            student=student,
        )
        action = "suspend_account" if pupil.left else "create_account"
        return {
            "student_id": pupil.student_id,
            "desired": {
                "event": event.model_dump(mode="json", exclude_defaults=True),
                "action": action,
                "providers": [self.provider],
            },
            "address": pupil.address,
            "marker": pupil.marker,
            "body": self.directory.body(pupil),
            "object_id": pupil.object_id,
            "licences": self.directory.licences,
            "groups": [self.directory.group(pupil.school)],
            "state": "suspended" if pupil.left else "active",
            "steps": ["create", "welcome", *(["suspend"] if pupil.left else [])],
        }


Account = GraphUser | GoogleUser


class _AtGraph:
    licences = (SKU,)

    def __init__(self, world: World, institution: Institution) -> None:
        self._directory: GraphDirectory = world.graph.directories[institution.guid("tenant")]
        self._institution = institution

    def group(self, school: str) -> str:
        return self._institution.guid(school)

    def body(self, pupil: Pupil) -> Mapping[str, str | None]:
        return _body(pupil, None)

    def add(self, address: str, mark: str, *, school: str, left: bool) -> str:
        properties = {
            "userPrincipalName": address,
            "employeeId": mark,
            "accountEnabled": not left,
            "displayName": "M",
            "usageLocation": "GR",
        }
        user = self._directory.add(properties)
        user.licences.append(SKU)
        self._directory.groups[self.group(school)].add(user.id)
        return user.id

    def twin(self, pupil: Pupil) -> str:
        address = f"twin.{pupil.address}"
        return self._directory.add({"userPrincipalName": address, "employeeId": pupil.marker, "displayName": "M"}).id

    def by_hand(self, address: str) -> str:
        return self._directory.add({"userPrincipalName": address, "displayName": "M"}).id

    def promote(self, object_id: str) -> None:
        self._directory.users[object_id].roles.append("Global Administrator")

    def enable(self, pupil: Pupil, *, enabled: bool) -> None:
        self._directory.users[pupil.object_id].properties["accountEnabled"] = enabled

    def rename(self, pupil: Pupil) -> None:
        self._directory.update(pupil.object_id, {"userPrincipalName": f"married.{pupil.address}"})

    def mark(self, pupil: Pupil, mark: str | None) -> None:
        self._directory.users[pupil.object_id].properties["employeeId"] = mark

    def synchronise(self, pupil: Pupil) -> None:
        self._directory.users[pupil.object_id].properties["onPremisesSyncEnabled"] = True

    def strip(self, pupil: Pupil) -> None:
        self._directory.users[pupil.object_id].licences.clear()

    def leave(self, pupil: Pupil) -> None:
        self._directory.groups[self.group(pupil.school)].discard(pupil.object_id)

    def delete(self, pupil: Pupil) -> None:
        self._directory.delete(pupil.object_id)

    def purge(self, pupil: Pupil) -> None:
        self.delete(pupil)
        self._directory.purge(pupil.object_id)


class _AtGoogle:
    licences = ()

    def __init__(self, world: World, institution: Institution) -> None:
        customer = world.google.customer_of(institution.admin)
        if customer is None:
            raise LookupError(institution.id)
        self._customer: Customer = customer
        self._institution = institution
        self._users: dict[str, GoogleUser] = {}

    def group(self, school: str) -> str:
        return f"{school}@{self._institution.domain}"

    def body(self, pupil: Pupil) -> Mapping[str, str | None]:
        return _body(pupil, f"/Students/{pupil.school}")

    def add(self, address: str, mark: str, *, school: str, left: bool) -> str:
        user = self._customer.add_user(address, "Maria", "Rossi", marker=mark)
        user.org_unit, user.suspended = f"/Students/{school}", left
        self._customer.groups.insert(self.group(school), {"id": user.id})
        self._users[user.id] = user
        return user.id

    def twin(self, pupil: Pupil) -> str:
        return self._customer.add_user(f"twin.{pupil.address}", marker=pupil.marker).id

    def by_hand(self, address: str) -> str:
        return self._customer.add_user(address).id

    def promote(self, object_id: str) -> None:
        self._customer.make_admin(object_id, status=True)

    def enable(self, pupil: Pupil, *, enabled: bool) -> None:
        self._users[pupil.object_id].suspended = not enabled

    def rename(self, pupil: Pupil) -> None:
        self._customer.update(pupil.object_id, {"primaryEmail": f"married.{pupil.address}"})

    def mark(self, pupil: Pupil, mark: str | None) -> None:
        ids = [] if mark is None else [{"type": "custom", "customType": "provisioner", "value": mark}]
        self._customer.update(pupil.object_id, {"externalIds": ids})

    def move(self, pupil: Pupil) -> None:
        self._users[pupil.object_id].org_unit = "/"

    def leave(self, pupil: Pupil) -> None:
        self._customer.groups.remove(self.group(pupil.school), pupil.object_id)

    def delete(self, pupil: Pupil) -> None:
        self._customer.delete(pupil.object_id)

    def purge(self, pupil: Pupil) -> None:
        self.delete(pupil)
        self._users[pupil.object_id].deleted_at = 0.0


def _body(pupil: Pupil, org_unit: str | None) -> Mapping[str, str | None]:
    return {
        "address": pupil.address,
        "marker": pupil.marker,
        "given_name": "Maria",
        "family_name": "Rossi",
        "display_name": "Maria Rossi",
        "preferred_language": None,
        "org_unit": org_unit,
    }


def seed_differences(school: SettledSchool, each: int) -> set[Finding]:
    """Of every kind that there is at the provider, `each`; returns what must be found, and nothing else."""
    acts = _acts(school)
    enrolled = iter([one for one in school.pupils if not one.left])
    left = iter([one for one in school.pupils if one.left])
    expected = set[Finding]()
    for kind, act in acts.items():
        for _ in range(each):
            pupil = next(left if kind is Kind.ENABLED else enrolled)
            object_id = act(pupil) or pupil.object_id
            student = None if kind is Kind.UNKNOWN else pupil.student_id
            expected.add(Finding(school.provider, kind, student, object_id))
    return expected


def _acts(school: SettledSchool) -> Mapping[Kind, Callable[[Pupil], str | None]]:
    """What is done; returns the object's id where it is another than the account's."""
    at = school.directory
    acts: dict[Kind, Callable[[Pupil], str | None]] = {
        Kind.MISSING: at.purge,
        Kind.DELETED: at.delete,
        Kind.DISABLED: lambda pupil: at.enable(pupil, enabled=False),
        Kind.ENABLED: lambda pupil: at.enable(pupil, enabled=True),
        Kind.LEFT_GROUP: at.leave,
        Kind.RENAMED: at.rename,
        Kind.UNMARKED: lambda pupil: at.mark(pupil, None),
        Kind.REMARKED: lambda pupil: at.mark(
            pupil, marker(school.provider, school.tenant.id, f"not-{pupil.student_id}")
        ),
        Kind.DUPLICATED: at.twin,
        Kind.UNLINKED: school.forget,
        Kind.UNKNOWN: school.erase,
    }
    if isinstance(at, _AtGraph):
        return acts | {Kind.STRIPPED: at.strip, Kind.SYNCHRONISED: at.synchronise}
    return acts | {Kind.MOVED: at.move}
