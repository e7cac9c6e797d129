"""Tokens from Entra, by Microsoft's own client."""

from collections.abc import Callable
from typing import Any

import msal  # pyright: ignore[reportMissingTypeStubs]  it has none
import requests
from msal.exceptions import MsalError  # pyright: ignore[reportMissingTypeStubs]  it has none

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.providers.session import session
from consumer.tenants import MicrosoftSection

_TRIES_AGAIN = {"temporarily_unavailable", "server_error", "request_timeout"}


def fetcher(section: MicrosoftSection, client_secret: str) -> Callable[[], tuple[str, float]]:
    """Asks Entra with the client's credentials; blocking. Raises `Hold` for the whole tenant, or `Unavailable`.

    msal itself asks at most once a minute where Entra has answered 400, 429 or 5xx, and repeats the answer in between.

    The authority is discovered at the first use, so that an authority that is away does not keep the service from starting.
    """
    applications: list[Any] = []

    def fetch() -> tuple[str, float]:
        try:
            if not applications:
                applications.append(_application(section, client_secret))
            applications[0].remove_tokens_for_client()  # else msal answers with the token that Graph has just refused
            answer: dict[str, Any] = applications[0].acquire_token_for_client([f"{section.graph_url}/.default"])
        except (requests.RequestException, MsalError, ValueError, RuntimeError) as error:
            raise Unavailable(f"Entra's token endpoint can't be reached ({type(error).__name__}).") from error
        if "access_token" in answer:
            return str(answer["access_token"]), float(answer.get("expires_in", 600))
        if answer.get("error", "server_error") in _TRIES_AGAIN:
            raise Unavailable("Entra gives no token now.")
        codes = ", ".join(f"AADSTS{code}" for code in answer.get("error_codes") or ())
        said = codes or str(answer.get("error", "no reason"))
        raise Hold(
            f"Entra refuses the application's credentials ({said}).",
            reason=Reason.CREDENTIALS_INVALID,
            scope=Scope.TENANT,
            code=said,
        )

    return fetch


def _application(section: MicrosoftSection, client_secret: str) -> Any:  # noqa: ANN401  msal has no types
    return msal.ConfidentialClientApplication(  # pyright: ignore[reportUnknownMemberType]  msal has no types
        section.client_id,
        authority=f"{section.authority_url}/{section.tenant_id}",
        client_credential=client_secret,
        instance_discovery=False,
        http_client=session(section.ca_file),
    )
