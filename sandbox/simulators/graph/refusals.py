"""Graph's errors, with the words that the real service uses."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4


class Refusal(Exception):
    """An error answer of Graph."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {
            "error": {
                "code": code,
                "message": message,
                "innerError": {
                    "date": "2026-01-01T00:00:00",
                    "request-id": str(uuid4()),
                    "client-request-id": str(uuid4()),
                },
                **({"details": details} if details else {}),
            }
        }


def conflict(field: str) -> Refusal:
    """A value that must be unique is taken."""
    return Refusal(
        400,
        "Request_BadRequest",
        f"Another object with the same value for property {field} already exists.",
        details=[
            {"code": "ObjectConflict", "target": field, "message": "Another object with the same value already exists."}
        ],
    )


def invalid(message: str) -> Refusal:
    """400 with Graph's own words."""
    return Refusal(400, "Request_BadRequest", message)


def denied() -> Refusal:
    """The application may not do this."""
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def restricted() -> Refusal:
    """The user is in an administrative unit with restricted management: no permission lets an application change it."""
    return Refusal(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation. Target object is a member of a restricted management administrative unit and "
        "can only be modified by administrators scoped to that administrative unit.",
    )


def unsupported(message: str = "Unsupported or invalid query filter clause specified for resource 'User'.") -> Refusal:
    """A query that Graph does not answer, or not without the parameters of an advanced query."""
    return Refusal(400, "Request_UnsupportedQuery", message)


def unlicensed() -> Refusal:
    """Privileged Identity Management in a directory without its licence."""
    return Refusal(
        400,
        "AadPremiumLicenseRequired",
        "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
    )


def concurrent(status: int) -> Refusal:
    """Another request changes the same thing; in the words of issue 448 of nais/azurerator."""
    return Refusal(
        status,
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
    )


def missing(ident: str) -> Refusal:
    """No such object, or not on this replica yet."""
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{ident}' does not exist or one of its queried reference-property objects are not present.",
    )


def unknown_segment(segment: str) -> Refusal:
    """A path that the model does not have, in the words of OData's library."""
    return Refusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def no_member(status: int) -> Refusal:
    """A reference to be removed is not there; which status says so differs between reports."""
    code = "Request_ResourceNotFound" if status == HTTPStatus.NOT_FOUND else "Request_BadRequest"
    return Refusal(
        status,
        code,
        "One or more removed object references do not exist for the following modified properties: 'members'.",
    )


def unauthenticated(token: str) -> Refusal:
    """The token is missing, unknown or over."""
    message = "Lifetime validation failed, the token is expired." if token else "Access token is empty."
    refusal = Refusal(401, "InvalidAuthenticationToken", message)
    refusal.headers["WWW-Authenticate"] = 'Bearer realm="", authorization_uri="/common/oauth2/authorize"'
    return refusal


def throttled(after: str | None, *, information: str, scope: str) -> Refusal:
    """A limit is reached: which, and whose; an inner error of its own shape (Microsoft's page on limits)."""
    refusal = Refusal(429, "TooManyRequests", "Please retry again later.")
    refusal.headers["x-ms-throttle-information"] = information
    refusal.headers["x-ms-throttle-scope"] = scope
    if after is not None:
        refusal.headers["Retry-After"] = after
    inner = refusal.body["error"]["innerError"]
    refusal.body["error"]["innerError"] = {**inner, "code": "429", "message": "Please retry after", "status": "429"}
    return refusal


UNVERIFIED = (
    "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your "
    "organization."
)
FEDERATED = "SourceAnchor is a required property for creation of a federated user."
MAIL_ENABLED = "Cannot Update a mail-enabled security groups and or distribution list."
ON_PREMISES = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing "
    "migration."
)
NO_USAGE_LOCATION = "License assignment cannot be done for user with invalid usage location."
INHERITED_LICENCE = "User license is inherited from a group membership and it cannot be removed directly from the user."
NO_SUCH_LICENCE = "User does not have a corresponding license."
MEMBER_EXISTS = "One or more added object references already exist for the following modified properties: 'members'."
WEAK_PASSWORD = (
    "The specified password does not comply with password complexity requirements. Please provide a different password."  # noqa: S105  a sentence
)
