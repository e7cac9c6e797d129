"""Tokens for a service account with domain-wide delegation, by Google's own client."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from consumer.errors import Hold, Reason, Scope, Stop, Unavailable
from consumer.providers.session import session
from consumer.tenants import GoogleSection

SCOPES = (
    "https://www.googleapis.com/auth/admin.directory.user",
    "https://www.googleapis.com/auth/admin.directory.group.member",
)

_LONGEST_DESCRIPTION = 120


def fetcher(section: GoogleSection, key: str, *, scopes: Sequence[str] = SCOPES) -> Callable[[], tuple[str, float]]:
    """Asks Google with the service account's key; blocking. Raises `Hold` for the whole tenant, or `Unavailable`.

    The `Hold`'s code is the endpoint's own error with its description, such as `invalid_grant: Invalid JWT Signature.`

    Raises `Stop` at once where the key is not one.
    """
    try:
        info: dict[str, Any] = {**json.loads(key), "token_uri": section.token_url}
        credentials: Any = Credentials.from_service_account_info(  # pyright: ignore[reportUnknownMemberType]  google-auth has no types
            info, scopes=list(scopes), subject=section.admin_subject
        )
    except (ValueError, TypeError) as error:
        raise Stop("`google.service_account` does not lead to a service account's key in JSON.") from error
    transport = Request(session(section.ca_file))

    def fetch() -> tuple[str, float]:
        try:
            credentials.refresh(transport)
        except TransportError as error:
            raise Unavailable("Google's token endpoint can't be reached.") from error
        except RefreshError as error:
            if error.retryable or not _refuses(error):  # pyright: ignore[reportUnknownMemberType]  google-auth has no types
                raise Unavailable("Google gives no token now.") from error
            raise Hold(
                "Google refuses the service account's credentials or its delegation.",
                reason=Reason.CREDENTIALS_INVALID,
                scope=Scope.TENANT,
                code=_said(error),
            ) from error
        except (GoogleAuthError, ValueError, TypeError) as error:  # the latter two where its lifetime is no number
            raise Unavailable("Google gives no token now.") from error
        return str(credentials.token), _lifetime(credentials.expiry)

    return fetch


def _lifetime(expiry: datetime | None) -> float:
    """Seconds until `expiry`, which google-auth writes in UTC without saying so; a few minutes where the endpoint named no time."""
    return 600.0 if expiry is None else (expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def _refuses(error: RefreshError) -> bool:
    """Whether the endpoint said so: google-auth raises the same where the answer merely lacks a token."""
    return any(isinstance(told, dict) and "error" in told for told in error.args)


def _said(error: RefreshError) -> str:
    """The endpoint's error and its description (RFC 6749 5.2); without the description where it might quote an address."""
    answer: dict[str, Any] = next(cast("dict[str, Any]", told) for told in error.args if isinstance(told, dict))
    description = str(answer.get("error_description", ""))
    shown = "" if "@" in description else description[:_LONGEST_DESCRIPTION]
    return f"{answer['error']}: {shown}" if shown else str(answer["error"])
