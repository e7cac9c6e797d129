"""What is not known for certain of Graph, or differs between directories: each a switch. Durations are seconds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GraphQuirks:
    """Defaults are the documented behaviour, with every delay off."""

    drops_employee_id: bool = False
    """A creation forgets `employeeId`; only PATCH sets it (a moderator's answer; Terraform's provider says otherwise)."""

    lag: float = 0.0
    """Reads, searches and writes to a new object meet a replica that is up to so far behind; uniqueness never does."""

    writes_per_window: int | None = None
    """Writes of an application in a directory in 150 s; Microsoft documents 3,000."""

    retry_after: str | None = "10"
    """What a throttled answer says: seconds, with a decimal, a date, or nothing."""

    token_lifetime: float = 3_600.0

    renames_deleted: bool = True
    """A deleted user's sign-in name gets a prefix; restored, it has the old one."""

    unknown_application: int = 700016
    """Which AADSTS number an application that is not there meets; 700038 was recorded too."""

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

    ignores_missing_licences: bool = False
    """A licence that the user does not have is removed without complaint (public threads say otherwise; no page does)."""
