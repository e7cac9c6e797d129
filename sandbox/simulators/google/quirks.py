"""What is not known for certain of Google, or differs between customers and days: each a switch, none an assumption."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GoogleQuirks:
    """Defaults are the best documented behaviour, with every delay off. Durations are seconds; quotas are off where None."""

    sub_is_user_id: bool = True
    """`sub` of a person's sign-in is the directory's id of the user: widely relied upon, and stated on no page."""

    name_limit: Literal[60, 40] = 60
    """Characters of a given or family name: 60 by the discovery document, 40 by the API's limits page."""

    user_limit_status: int = 412
    """How a full customer answers an insert; the reason is DomainUserLimitExceeded in any case."""

    delete_status: Literal[200, 204] = 204
    """The status of users.delete and members.delete: both are reported."""

    foreign_domain: Literal["input", "domain"] = "input"
    """An address outside the customer's domains: 400 "Invalid Input: primary_user_email", or 404 "Resource Not Found: domain"."""

    unauthorized_client_status: Literal[401, 400] = 401
    """How the token endpoint refuses scopes that were not delegated."""

    member_conflict_reason: Literal["duplicate", "conflict", "generic409"] = "duplicate"
    """The reason of members.insert's 409: `generic409` stands for one that no client knows."""

    renames_apart: bool = False
    """A call that renames a user and sets `suspended` as well is refused: that both can be done at once is not documented."""

    renames_to_aliases: bool = True
    """A user may be renamed to an alias of its own: the API's reference excludes only those of others, Google's help on its console says
    that the alias has to be removed first."""

    rename_takes: float = 0.0
    """For so long after a rename, reads show the former address as the primary one; up to 10 minutes (the API's limits page)."""

    keeps_addresses: float = 0.0
    """An address that a user gives up stays taken for so long (a minute or more after a rename is reported)."""

    alias_limit_status: Literal[412, 403] = 412
    """How a thirty-first alias is refused, whether it is added or left by a rename; the limit is documented, its answer is not."""

    settling: float = 0.0
    """After an insert, mutations of the user answer 412 conditionNotMet for so long (real customers see up to 40 s)."""

    hides_settling_ids: bool = False
    """While a user settles, reads by id answer 404 although reads by address work."""

    index_lag: float = 0.0
    """users.list shows a new user only after so long."""

    creations_per_second: float | None = None
    """users.insert in each domain; Google's documented limit is 10."""

    queries_per_minute: float | None = None
    """All calls of one service account as one administrator; Google's documented default is 2,400."""

    org_units_per_second: float | None = None
    """orgunits.insert of each customer; Google's documented limit is 1."""

    org_unit_conflict: Literal["input", "duplicate"] = "input"
    """How orgunits.insert refuses a path that exists: 400 INVALID_OU_ID, as GAM reads it, or 409, as for other
    objects; no page says."""

    org_unit_lag: float = 0.0
    """A new unit is not shown, and neither users nor units can be put into it, for so long."""

    licence_calls_per_second: float | None = None
    """All calls of one service account to the License Manager; Google's documented limit is 1."""

    quota_status: Literal[403, 429] = 403
    """The status of a throttled call: 403 everywhere in the documents, 429 for the cap on concurrent requests."""

    quota_reason: Literal["quotaExceeded", "userRateLimitExceeded", "rateLimitExceeded"] = "quotaExceeded"
    """The reason of a throttled call."""
