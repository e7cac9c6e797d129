"""Students whose ways lead, taken together, through every boundary of an effect; vendors are laid out so that they do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from consumer.events import Provider, ProviderAction, Student, student_key
from consumer.failpoints import Point
from consumer.policy.addresses import candidates
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from sandbox.simulators.audit import Entry
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer, Refuse
from sandbox.simulators.google import refusals as google
from sandbox.simulators.graph import refusals as graph
from sandbox.simulators.world import World


class Situation(StrEnum):
    """What a student's event meets."""

    PLAIN = "plain"
    NAMESAKE = "namesake"
    """Another user, whose account is marked as such, has the first choice of their address."""
    STANDING = "standing"
    """Their account is there already."""
    DELETED = "deleted"
    """Their account is there, was deleted, and can be restored."""
    HIDDEN = "hidden"
    """The vendor says that the address is taken, and shows no holder."""
    CORRECTED = "corrected"
    """Their name is misspelt, and corrected by a newer event while the vendor is too busy to create the account."""
    THROTTLED = "throttled"
    """The vendor limits the rate when their account is looked for."""
    UNMARKED = "unmarked"
    """The answer to the creation is lost, and when they have their mail, an administrator removes the marker from the account."""
    LOST_MAIL = "lost-mail"
    """The welcome mail is neither accepted nor refused."""
    UNANSWERED_MAIL = "unanswered"
    """It is accepted, and the answer is lost."""
    LEFT = "left"
    """They leave."""
    RETURNED = "returned"
    """They leave as well, and return."""
    DEPARTED = "departed"
    """Their account is to be deleted, one second after it was suspended."""
    LOST_NOTICE = "lost-notice"
    """They leave for good, and the answer to the mail that announces it is lost."""
    UNREACHABLE = "unreachable"
    """They leave for good, and have no address to which it can be announced."""
    STAYING = "staying"
    """Their account is to be deleted on a later day, and they return before it."""
    GRADUATED = "graduated"
    """Their account is handed to the institution."""
    RENAMED = "renamed"
    """They have another name, and another address with it."""


_RETURNS = frozenset({Situation.RETURNED, Situation.STAYING})
_DELETED = frozenset({Situation.DEPARTED, Situation.LOST_NOTICE, Situation.UNREACHABLE})
DELETION_DATE = "leaves_on"
_MOVES = {
    Situation.LEFT: ProviderAction.SUSPEND_ACCOUNT,
    Situation.RETURNED: ProviderAction.SUSPEND_ACCOUNT,
    Situation.DEPARTED: ProviderAction.DELETE_ACCOUNT,
    Situation.LOST_NOTICE: ProviderAction.DELETE_ACCOUNT,
    Situation.UNREACHABLE: ProviderAction.DELETE_ACCOUNT,
    Situation.STAYING: ProviderAction.DELETE_ACCOUNT,
    Situation.GRADUATED: ProviderAction.RELEASE_ACCOUNT,
    Situation.RENAMED: ProviderAction.UPDATE_ACCOUNT,
}
"""What their second event wants."""

LEADS_TO: Mapping[Point, Situation] = {
    Point.LOOK_UP_RESULT: Situation.THROTTLED,
    Point.ADDRESS_REFUSED: Situation.NAMESAKE,
    Point.ADDRESS_RELEASED: Situation.CORRECTED,
    Point.ACCOUNT_ADOPTED: Situation.STANDING,
    Point.RESTORE_INTENT: Situation.DELETED,
    Point.RESTORE_ANSWER: Situation.DELETED,
    Point.RESTORE_RESULT: Situation.DELETED,
    Point.MARK_INTENT: Situation.UNMARKED,
    Point.MARK_ANSWER: Situation.UNMARKED,
    Point.MARK_RESULT: Situation.UNMARKED,
    Point.WELCOME_NOT_WANTED: Situation.DELETED,
    Point.WELCOME_FOUND: Situation.UNANSWERED_MAIL,
    Point.PASSWORD_INTENT: Situation.LOST_MAIL,
    Point.PASSWORD_ANSWER: Situation.LOST_MAIL,
    Point.PASSWORD_RESULT: Situation.LOST_MAIL,
    Point.SUSPEND_INTENT: Situation.LEFT,
    Point.SUSPEND_ANSWER: Situation.LEFT,
    Point.SUSPEND_RESULT: Situation.LEFT,
    Point.SESSIONS_INTENT: Situation.LEFT,
    Point.SESSIONS_ANSWER: Situation.LEFT,
    Point.SESSIONS_RESULT: Situation.LEFT,
    Point.UNIT_INTENT: Situation.LEFT,
    Point.UNIT_ANSWER: Situation.LEFT,
    Point.UNIT_RESULT: Situation.LEFT,
    Point.ACCOUNT_REPORTED: Situation.LEFT,
    Point.REACTIVATE_INTENT: Situation.RETURNED,
    Point.REACTIVATE_ANSWER: Situation.RETURNED,
    Point.REACTIVATE_RESULT: Situation.RETURNED,
    Point.ADDRESS_RETIRED: Situation.RENAMED,
    Point.RENAME_INTENT: Situation.RENAMED,
    Point.RENAME_ANSWER: Situation.RENAMED,
    Point.RENAME_RESULT: Situation.RENAMED,
    Point.PROFILE_INTENT: Situation.RENAMED,
    Point.PROFILE_ANSWER: Situation.RENAMED,
    Point.PROFILE_RESULT: Situation.RENAMED,
    Point.DELETE_INTENT: Situation.DEPARTED,
    Point.DELETE_ANSWER: Situation.DEPARTED,
    Point.DELETE_RESULT: Situation.DEPARTED,
    Point.DELETION_SCHEDULED: Situation.DEPARTED,
    Point.DELETION_CANCELLED: Situation.STAYING,
    Point.NOTICE_INTENT: Situation.DEPARTED,
    Point.NOTICE_ANSWER: Situation.DEPARTED,
    Point.NOTICE_RESULT: Situation.DEPARTED,
    Point.NOTICE_FOUND: Situation.LOST_NOTICE,
    Point.NOTICE_REFUSED: Situation.UNREACHABLE,
    Point.RELEASE_INTENT: Situation.GRADUATED,
    Point.RELEASE_ANSWER: Situation.GRADUATED,
    Point.RELEASE_RESULT: Situation.GRADUATED,
    Point.STUDENT_DEFERRED: Situation.HIDDEN,
}
"""Points that a plain student never comes to."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A student who enrols, and what is met."""

    tenant: Tenant
    student: Student
    situation: Situation

    @classmethod
    def of(cls, tenant: Tenant, situation: Situation, number: int) -> "Enrolment":
        """`number` tells students apart, in all that they have."""
        ident = f"{situation}-{number:03}"
        student = Student(
            student_id=ident,
            given_name=situation.value.capitalize(),
            family_name=f"Number{number:03}",
            contact_email=f"{ident}@home.example",
            attributes={"school": "north"},
        )
        return cls(tenant, student, situation)

    @property
    def provider(self) -> Provider:
        """The institution's only one."""
        (provider,) = self.tenant.providers
        return provider

    def event_id(self, version: int) -> str:
        """Of their event of this version."""
        return f"{self.student.student_id}/{version}"

    @property
    def key(self) -> bytes:
        """Of everything about the student in Kafka."""
        return student_key(self.tenant.id, self.student.student_id)

    @property
    def marker(self) -> str:
        """What stands on the account."""
        return marker(self.provider, self.tenant.id, self.student.student_id)

    @property
    def created(self) -> bool:
        """Whether the account is the service's own making, and a mail is due."""
        return self.situation not in {Situation.STANDING, Situation.DELETED}

    @property
    def opens(self) -> bool:
        """Whether the mail opens the account in the end."""
        return self.created and self.situation not in {Situation.LEFT, *_DELETED}

    @property
    def applied(self) -> int:
        """How many of their events are carried out."""
        return 1 + len(self.moves)

    @property
    def moves(self) -> range:
        """The versions of the events that follow, each when the one before was carried out: sooner, it would supersede that one."""
        return range(2, 2 + (self.situation in _MOVES) + (self.situation in _RETURNS))

    @property
    def announced(self) -> int:
        """How often the account is announced."""
        return 2 if self.situation in {*_RETURNS, Situation.RENAMED} else 1

    @property
    def changes(self) -> int:
        """How often a change of the account is reported. Who returns from Google's unit of leavers has moved as well."""
        moved = self.situation in _RETURNS and self.provider is Provider.GOOGLE
        # Where it is announced, that comes so late that the deletion is put off.
        deletion = 2 if self.situation in {Situation.STAYING, Situation.UNREACHABLE} else 3 if self._is_announced else 0
        return self.applied - 1 + moved + deletion + (self.situation is Situation.RENAMED)

    @property
    def marked(self) -> bool:
        """Whether the directory has an account with their marker in the end."""
        return self.situation not in {*_DELETED, Situation.GRADUATED}

    @property
    def failures(self) -> int:
        """How often it is reported that something could not be done."""
        return int(self.situation is Situation.UNREACHABLE)

    @property
    def _is_announced(self) -> bool:
        return self.situation in {Situation.DEPARTED, Situation.LOST_NOTICE}

    def record(self, encoder: Encoder) -> bytes:
        """The event; the first of two where the name is corrected."""
        misspelt = self.student.model_copy(update={"given_name": _MISSPELT})
        return self._record(encoder, 1, misspelt if self.situation is Situation.CORRECTED else self.student)

    def correction(self, encoder: Encoder) -> bytes:
        """The event that corrects the name."""
        return self._record(encoder, 2, self.student)

    def moved(self, encoder: Encoder, version: int) -> bytes:
        """The event after their first (version 2): they leave, for good or not, or have another name. After that (3): they return."""
        if version > 2:
            return self._record(encoder, version, self.student)
        changes: dict[Situation, dict[str, Any]] = {
            Situation.STAYING: {"attributes": {**self.student.attributes, DELETION_DATE: "2099-07-01"}},
            Situation.UNREACHABLE: {"contact_email": None},
            Situation.RENAMED: {"family_name": f"Married{self.student.family_name}"},
        }
        student = self.student.model_copy(update=changes.get(self.situation, {}))
        return self._record(encoder, version, student, _MOVES[self.situation])

    def is_tried_misspelt(self, entry: Entry) -> bool:
        """Whether this request to a vendor was to create the account under the misspelt name."""
        return entry.route == _VENDORS[self.provider].create and all(text in entry.request for text in self._misspelt)

    @property
    def _misspelt(self) -> tuple[str, ...]:
        return (_MISSPELT, self.student.family_name)

    def _record(
        self,
        encoder: Encoder,
        version: int,
        student: Student,
        action: ProviderAction = ProviderAction.CREATE_ACCOUNT,
    ) -> bytes:
        row = next(row for row in self.tenant.statuses if row.provider_action is action)
        event: dict[str, Any] = {
            "event_id": self.event_id(version),
            "occurred_at": datetime(2026, 9, 1, tzinfo=UTC),
            "tenant_id": self.tenant.id,
            "version": version,
            "previous_status": None,
            "status": {"id": row.id, "name": row.name, "type": row.type},
            "student": student.model_dump(),
        }
        return encoder.encode(event)

    def lay_out(self, world: World) -> None:
        """What is at the vendor before the event."""
        first_choice = candidates(self.tenant.addresses, self.student, country=self.tenant.country)[0]
        earlier = f"earlier-{self.student.student_id}@{self.tenant.addresses.domain}"
        if self.situation is Situation.NAMESAKE:
            _put(world, self.tenant, first_choice, marker=f"staff-{self.student.family_name}")
        elif self.situation is Situation.STANDING:
            _put(world, self.tenant, earlier, marker=self.marker)
        elif self.situation is Situation.DELETED:
            _put(world, self.tenant, earlier, marker=self.marker, deleted=True)

    def lose_marker(self, world: World) -> None:
        """By an administrator's hand."""
        for directory in world.graph.directories.values():
            for user in directory.users.values():
                if user.marker == self.marker:
                    user.properties["employeeId"] = None
        for customer in world.google.customers:
            for user in customer.users:
                if user.marker == self.marker:
                    user.external = []

    def is_suspended(self, world: World) -> bool:
        """Whether their account's sign-in is blocked."""
        users = [user for directory in world.graph.directories.values() for user in directory.users.values()]
        known = [user for customer in world.google.customers for user in customer.users]
        return any(
            user.marker == self.marker and not user.properties.get("accountEnabled", True) for user in users
        ) or any(user.marker == self.marker and user.suspended for user in known)

    def faults(self) -> Sequence[FaultRule]:
        """How the vendors treat the student's first calls."""
        vendor = _VENDORS[self.provider]
        if self.situation is Situation.CORRECTED:
            return [FaultRule(route=vendor.create, fault=vendor.later, containing=self._misspelt)]
        here = {
            Situation.HIDDEN: [(vendor.create, vendor.taken, 2)],
            Situation.THROTTLED: [(vendor.search, vendor.busy, 1)],
            Situation.UNMARKED: [(vendor.create, LoseAnswer(), 1)],
            Situation.LOST_MAIL: [("mailgun.messages.send", Refuse(), 1)],
            Situation.UNANSWERED_MAIL: [("mailgun.messages.send", LoseAnswer(), 1)],
            Situation.LOST_NOTICE: [("mailgun.messages.send", LoseAnswer(), 1)],
        }.get(self.situation, [])
        return [
            FaultRule(route=route, fault=fault, first=first, containing=(self._text(route), *self._notice))
            for route, fault, first in here
        ]

    @property
    def _notice(self) -> tuple[str, ...]:
        """What stands in a notice and in no other mail, where that is meant."""
        return ("deletion.",) if self.situation is Situation.LOST_NOTICE else ()

    def _text(self, route: str) -> str:
        """What of the student stands in requests of this route."""
        return self.marker if route.startswith("graph.") else self.student.student_id


@dataclass(frozen=True, slots=True)
class _Vendor:
    create: str
    search: str
    taken: Answer
    busy: Answer
    later: Answer


_SOON = {"Retry-After": "0.2", "Content-Type": "application/json"}
_BUSY = '{"error":{"code":"TooManyRequests","message":"Please retry again later."}}'
_CONCURRENT = '{"error":{"code":"Directory_ConcurrencyViolation","message":"Please wait briefly and retry."}}'
_MISSPELT = "Misspelt"
_VENDORS = {
    Provider.MICROSOFT: _Vendor(
        "graph.users.create",
        "graph.users.list",
        taken=Answer(status=400, body=json.dumps(graph.conflict("userPrincipalName").body)),
        busy=Answer(status=429, body=_BUSY, headers=_SOON),
        later=Answer(status=409, body=_CONCURRENT),
    ),
    Provider.GOOGLE: _Vendor(
        "directory.users.insert",
        "directory.users.list",
        taken=Answer(status=409, body=json.dumps(google.duplicate().body())),
        busy=Answer(status=429, body=_BUSY, headers=_SOON),
        later=Answer(status=412, body=json.dumps(google.settling().body())),
    ),
}


def _put(world: World, tenant: Tenant, address: str, *, marker: str, deleted: bool = False) -> None:
    if tenant.microsoft:
        directory = world.graph.directories[tenant.microsoft.tenant_id]
        user = directory.add({"userPrincipalName": address, "employeeId": marker, "usageLocation": "GR"})
        if deleted:
            directory.delete(user.id)
    else:
        customer = world.google.customer_of(address)
        assert customer is not None
        user = customer.add_user(address, marker=marker)
        if deleted:
            customer.delete(user.id)
