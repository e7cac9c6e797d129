"""Tokens for the identity of the Azure resource that the service runs on, by Microsoft's own client.

Where it asks is Azure's to say, by variables of the environment that msal reads: App Service and Container Apps (`IDENTITY_ENDPOINT`),
Arc, else the Instance Metadata Service of a virtual machine. It is always asked without a proxy.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msal  # pyright: ignore[reportMissingTypeStubs]  it has none
import requests

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.http.causes import explain
from consumer.providers.session import session
from consumer.tenants import ManagedIdentity, MicrosoftSection

_PASSES = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS}
"""Besides 5xx. "How to use managed identities for Azure resources on an Azure VM to acquire an access token", error handling: the service
is being updated (404; 410 for up to 70 seconds), or has too many requests."""


def fetcher(section: MicrosoftSection) -> Callable[[], tuple[str, float]]:
    """Asks the resource's own endpoint; blocking. Raises `Hold` for the whole tenant, or `Unavailable`."""
    http = session(section.ca_file, objects_only=False)
    http.hooks["response"].append(expect_answer)
    user_assigned = section.managed_identity is ManagedIdentity.USER_ASSIGNED
    identity: Any = (
        msal.UserAssignedManagedIdentity(client_id=section.client_id)  # pyright: ignore[reportUnknownMemberType]  msal has no types
        if user_assigned
        else msal.SystemAssignedManagedIdentity()
    )

    def fetch() -> tuple[str, float]:
        # A new client each time: the last one would answer with the token that Graph has just refused.
        client: Any = msal.ManagedIdentityClient(identity, http_client=http)
        try:
            answer: dict[str, Any] = client.acquire_token_for_client(resource=section.graph_url)
            if "access_token" in answer:
                return str(answer["access_token"]), float(answer.get("expires_in", 600))
        except (requests.RequestException, ValueError, TypeError, OSError) as error:
            raise Unavailable(f"The managed identity's endpoint can't be reached ({explain(error)}).") from error
        raise Hold(
            f"Azure issued no token for the managed identity ({answer.get('error', 'no reason')}).",
            reason=Reason.CREDENTIALS_INVALID,
            scope=Scope.TENANT,
        )

    return fetch


def expect_answer(answer: requests.Response, *_: object, **_options: object) -> None:
    """Raises `RequestException` for what passes by itself, and for what msal cannot read: no JSON object. Arc's 401 is a challenge."""
    if answer.status_code in _PASSES or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise requests.HTTPError(f"HTTP {answer.status_code}", response=answer)
    if answer.status_code != HTTPStatus.UNAUTHORIZED and not isinstance(answer.json(), dict):
        raise requests.exceptions.InvalidJSONError("the answer is not a JSON object")
