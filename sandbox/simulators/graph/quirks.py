"""What is not known for certain of Graph, or differs between directories: each a switch. Durations are seconds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GraphQuirks:
    """Defaults are the documented behaviour, with every delay off."""

    drops_employee_id: bool = False
    """A creation forgets `employeeId`; only PATCH sets it (a moderator's answer; Terraform's provider says otherwise)."""

    lag: float = 0.0
    """Each replica is behind by up to so much, of creations and changes: a new user is not there yet, a changed one is as it was.
    Uniqueness of names is over all of them."""

    lags_deletions: bool = False
    """So are deletions and restorations: a user may be among the living or the deleted ones still, in both lists or in neither."""

    writes_per_window: int | None = None
    """Writes of an application in a directory in 150 s; Microsoft documents 3,000."""

    directory_writes: int | None = None
    """Writes in a directory in 300 s, of all applications; 18,000."""

    application_writes: int | None = None
    """Writes of an application in 300 s, in whatever directory; 35,000."""

    resource_units: int | None = None
    """Resource units of an application in a directory in 10 s; 3,500 in a small one, 5,000 from 50 users on, 8,000 from 500."""

    shows_usage: bool = False
    """Answers say how much of a limit is used, from 0.8 of it on (documented; in the field it was never seen)."""

    retry_after: str | None = "10"
    """What a throttled answer says: seconds, with a decimal, a date, or nothing."""

    token_lifetime: float = 3_600.0

    renames_deleted: bool = True
    """A deleted user's sign-in name gets a prefix; restored, it has the old one."""

    unknown_application: int = 700016
    """Which AADSTS number an application that is not there meets; 700038 was recorded too."""

    deleted_users_cast: Literal["any", "graph.user", "microsoft.graph.user"] = "any"
    """Which type's segment opens the list of deleted users: Microsoft's client writes the short one, its pages the long one."""

    throttled_batch_status: Literal[200, 424] = 200
    """The status of a `$batch` with a throttled item: 200 by the newer pages, 424 by the older ones."""

    bound_members_cost: Literal["one", "thirds"] = "one"
    """Writes that a `members@odata.bind` counts as: one, or one for three members (Canvas, "according to Microsoft")."""

    page_size: int = 100
    """Rows of a page where `$top` says nothing."""

    answers_bare_casts: bool = False
    """A cast in the path is answered without the parameters of an advanced query, which Microsoft's page demands (field reports differ)."""

    eligible_roles_licensed: bool = True
    """The directory has Entra ID P2, and so Privileged Identity Management."""

    roles_readable: bool = True
    """The application has `RoleManagement.Read.Directory`."""

    revocation_status: Literal[200, 204] = 200
    """How `revokeSignInSessions` answers: 200 with a value (the metadata, and the known issues), or 204 (Microsoft's page)."""

    absent_member_status: Literal[404, 400] = 404
    """How a removal from a group answers about a user who is not in it: both are reported."""

    no_licence_left: str = "Subscription with SKU {sku} does not have any available licenses."
    """The sentence for an empty pool, which no page has: clients match on its last words."""

    ignores_missing_licences: bool = False
    """A licence that the user does not have is removed without complaint (public threads say otherwise; no page does)."""

    renames_mail: bool = True
    """A user who has mail gets a new sign-in name as its mail address too, and keeps the old one (no page of Graph's says it)."""

    unique_nicknames: bool = False
    """No two users have the same `mailNickname` (Microsoft's documentation is not clear: issues 5122 and 14716)."""

    assignment_takes: float = 0.0
    """For so long after a change of a user's licences, another one meets a `Directory_ConcurrencyViolation`."""

    concurrency_status: Literal[409, 503] = 409
    """The status of that: 409 is recent, 503 was seen before."""
