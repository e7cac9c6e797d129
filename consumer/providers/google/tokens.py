"""Tokens for a service account with domain-wide delegation, by Google's own client."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from consumer.errors import Hold, Reason, Scope, Stop, Unavailable
from consumer.http.causes import explain
from consumer.http.proxy import DIRECT, Proxies
from consumer.providers.google.keyless import Keyless
from consumer.providers.session import session
from consumer.tenants import GoogleSection

SCOPES = (
    "https://www.googleapis.com/auth/admin.directory.user",
    "https://www.googleapis.com/auth/admin.directory.group.member",
)
"""What every institution delegates."""
ORG_UNIT_SCOPE = "https://www.googleapis.com/auth/admin.directory.orgunit"
"""Delegated besides where `create_org_units` is on."""

_LONGEST_DESCRIPTION = 120
_PASSING_STATUS = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_PASSING_ERRORS = {"temporarily_unavailable", "server_error", "internal_failure", "internal"}


def scopes_of(section: GoogleSection) -> Sequence[str]:
    """What this institution delegates for the service. One that is missing has every token refused."""
    return (*SCOPES, ORG_UNIT_SCOPE) if section.create_org_units else SCOPES


def fetcher(
    section: GoogleSection,
    open_secret: Callable[[str], str],
    *,
    proxies: Proxies = DIRECT,
    scopes: Sequence[str] | None = None,
) -> Callable[[], tuple[str, float]]:
    """Asks Google as the service account; blocking. Raises `Hold` for the whole tenant, or `Unavailable`. `scopes`: where not its own.

    The `Hold`'s code is the endpoint's own error with its description, such as `invalid_grant: Invalid JWT Signature.`

    Raises `Stop` at once where the key or the credential configuration cannot be read as such. A key is opened for each token: one
    that was replaced counts without a restart.
    """
    wanted = scopes_of(section) if scopes is None else scopes
    refreshed = (
        Keyless(section, wanted, proxies).refreshed
        if section.impersonate
        else _keyed(section, open_secret, wanted, proxies)
    )

    def fetch() -> tuple[str, float]:
        try:
            credentials = refreshed()
        except Stop as stop:
            raise Unavailable(str(stop)) from stop
        except TransportError as error:
            raise Unavailable(f"Google's token endpoint can't be reached ({explain(error)}).") from error
        # The others come where an answer is of another form: its lifetime is no number, or it is no object.
        except (GoogleAuthError, ValueError, TypeError, KeyError, AttributeError) as error:
            if getattr(error, "retryable", False) or not _refuses(error):
                raise Unavailable("Google's token endpoint returned an unusable response.") from error
            raise Hold(
                "Google rejected the service account's credentials or its delegation."
                if section.service_account
                else "Google refused to sign for the service account, or rejected its delegation.",
                reason=Reason.CREDENTIALS_INVALID,
                scope=Scope.TENANT,
                code=_said(error) or None,
            ) from error
        return str(credentials.token), _lifetime(credentials.expiry)

    return fetch


def _keyed(
    section: GoogleSection, open_secret: Callable[[str], str], scopes: Sequence[str], proxies: Proxies
) -> Callable[[], Any]:
    """Gives credentials with a new token. Raises `Stop` at once where the key cannot be read as such."""
    _with_key(section, open_secret, scopes)
    transport = Request(session(section.ca_file, proxies=proxies))

    def refreshed() -> Any:  # noqa: ANN401  google-auth has no types
        credentials = _with_key(section, open_secret, scopes)
        credentials.refresh(transport)
        return credentials

    return refreshed


def _with_key(section: GoogleSection, open_secret: Callable[[str], str], scopes: Sequence[str]) -> Any:  # noqa: ANN401  google-auth has no types
    key = open_secret(section.service_account or "")
    try:
        info: dict[str, Any] = {**json.loads(key), "token_uri": section.token_url}
        return Credentials.from_service_account_info(  # pyright: ignore[reportUnknownMemberType]  google-auth has no types
            info, scopes=list(scopes), subject=section.admin_subject
        )
    except (ValueError, TypeError) as error:
        raise Stop("`google.service_account` does not lead to a service account's key in JSON.") from error


def _lifetime(expiry: datetime | None) -> float:
    """Seconds until `expiry`, which google-auth writes in UTC without saying so; a few minutes where the endpoint named no time."""
    return 600.0 if expiry is None else (expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def _refuses(error: Exception) -> bool:
    """Whether an endpoint said so, and not that it can't now: google-auth raises the same where an answer merely lacks a token.

    The token endpoints' `error` is a word (RFC 6749, section 5.2), that of the IAM Credentials API an object with the HTTP status.
    """
    for detail in map(_object, error.args):
        match detail.get("error"):
            case str(word):
                return word not in _PASSING_ERRORS
            case {"code": int(status)}:
                return status not in _PASSING_STATUS
            case _:
                continue
    return False


def _object(detail: object) -> dict[str, Any]:
    """What of an exception is an answer's body: as google-auth has read it, or as it came."""
    if isinstance(detail, str):
        try:
            detail = json.loads(detail)
        except (ValueError, RecursionError):
            return {}
    return cast("dict[str, Any]", detail) if isinstance(detail, dict) else {}


def _said(error: Exception) -> str:
    """The endpoint's error and its description (RFC 6749 5.2); without the description where it might quote an address."""
    for answer in map(_object, error.args):
        match answer:
            case {"error": str(word)}:
                description = str(answer.get("error_description", ""))
            case {"error": {"status": str(word)} as refusal}:
                description = str(cast("dict[str, Any]", refusal).get("message", ""))
            case _:
                continue
        shown = "" if "@" in description else description[:_LONGEST_DESCRIPTION]
        return f"{word}: {shown}" if shown else word
    return ""
