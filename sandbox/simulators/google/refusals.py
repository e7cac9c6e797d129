"""Google's error answers, with the statuses, reasons and messages that real clients match on."""

from typing import Any


class Refusal(Exception):
    """An answer that is not a success; `body()` is Google's envelope."""

    def __init__(self, status: int, reason: str, message: str, *, domain: str = "global") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain

    def body(self) -> dict[str, Any]:
        """The JSON body: code and message, and the reason in the list that clients read it from."""
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


def duplicate() -> Refusal:
    """The address belongs to a user, to an alias or to a group."""
    return Refusal(409, "duplicate", "Entity already exists.")


def not_found(key: str) -> Refusal:
    """`key` names the parameter that leads nowhere: userKey, groupKey, memberKey, domain, customer."""
    return Refusal(404, "notFound", f"Resource Not Found: {key}")


def invalid(what: str) -> Refusal:
    """A value that this field never takes, such as INVALID_OU_ID."""
    return Refusal(400, "invalid", f"Invalid Input: {what}")


def invalid_name(part: str) -> Refusal:
    """`part` is GivenName or FamilyName."""
    return Refusal(400, "invalid", f"Invalid Given/Family Name: {part}")


def invalid_password() -> Refusal:
    """Shorter than 8 or longer than 100 characters, or not in the form that its hash function gives."""
    return Refusal(400, "invalid", "Invalid Password")


def required(field: str) -> Refusal:
    """A field without which nothing can be made."""
    return Refusal(400, "required", f"Missing required field: {field}")


def bad_request(message: str = "Bad Request") -> Refusal:
    """A request that is not of the method's form."""
    return Refusal(400, "badRequest", message)


def settling() -> Refusal:
    """The user was made seconds ago and can't be changed yet."""
    return Refusal(412, "conditionNotMet", "User creation is not complete.")


def precondition(message: str) -> Refusal:
    """What a licence would need is not so; Google's guide gives the sentences and no reason."""
    return Refusal(412, "conditionNotMet", message)


def user_limit(status: int) -> Refusal:
    """The customer has as many users as it pays for."""
    return Refusal(status, "DomainUserLimitExceeded", "Domain user limit exceeded.")


def too_many_aliases(status: int) -> Refusal:
    """The user has as many aliases as it may have."""
    return Refusal(status, "limitExceeded", "Limit Exceeded: aliases")


def no_org_unit() -> Refusal:
    """The unit that was asked for is not there."""
    return Refusal(404, "notFound", "Org unit not found")


def no_parent_org_unit() -> Refusal:
    """A unit cannot be made below one that is not there."""
    return Refusal(400, "invalid", "Invalid Parent Orgunit Id")


def forbidden() -> Refusal:
    """The delegated administrator has no right to this."""
    return Refusal(403, "forbidden", "Not Authorized to access this resource/api")


def insufficient_scopes() -> Refusal:
    """The token was made for other scopes."""
    return Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def unauthenticated() -> Refusal:
    """No token, or none that is valid now."""
    return Refusal(401, "authError", "Invalid Credentials")


def licensing_throttled() -> Refusal:
    """The License Manager's quota is used up, which it says in its own way (its page "Usage limits")."""
    return Refusal(503, "backendError", "The License Manager service is not available.")


def throttled(status: int, reason: str) -> Refusal:
    """A quota is used up; with the texts of the rate limits where Google has one."""
    message = {
        "userRateLimitExceeded": "User Rate Limit Exceeded",
        "rateLimitExceeded": "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service"
        " 'admin.googleapis.com' for consumer 'project_number:0'.",
    }.get(reason, "Quota exceeded.")
    return Refusal(status, reason, message, domain="usageLimits")


SAME_SKU = "User already has a license for the specified product and SKU"
OTHER_SKU = (
    "User already has a license of the product, but with a different SKU. To reassign a new SKU for this product, use the"
    ' "update" operation.'
)
NO_LICENCE_LEFT = "There aren't enough available licenses for the specified product-SKU pair"
