"""Tokens from Entra, by Microsoft's own client."""

from collections.abc import Callable
from typing import Any

import msal  # pyright: ignore[reportMissingTypeStubs]  it has none
import requests
from msal.exceptions import MsalError  # pyright: ignore[reportMissingTypeStubs]  it has none

from consumer.errors import Hold, Reason, Scope, Stop, Unavailable
from consumer.http.causes import explain
from consumer.http.proxy import DIRECT, Proxies
from consumer.providers.microsoft import managed_identity
from consumer.providers.microsoft.credentials import Credential, credential_of
from consumer.providers.session import session
from consumer.tenants import MicrosoftSection

_TRIES_AGAIN = {"temporarily_unavailable", "server_error", "request_timeout"}
_FAILURES = (requests.RequestException, MsalError, ValueError, RuntimeError)
"""What msal raises where it has no answer of Entra's."""


def fetcher(
    section: MicrosoftSection, open_secret: Callable[[str], str], *, proxies: Proxies = DIRECT
) -> Callable[[], tuple[str, float]]:
    """Asks Entra with the section's credential; blocking. Raises `Hold` for the whole tenant, or `Unavailable`.

    Raises `Stop` at once where the credential cannot be opened, or is of the wrong form.
    """
    if section.managed_identity:
        return managed_identity.fetcher(section)
    credential_of(section, open_secret)
    application = _Application(section, open_secret, proxies)

    def fetch() -> tuple[str, float]:
        try:
            answer = application.ask()
        except Stop as stop:
            raise Unavailable(str(stop)) from stop
        except _FAILURES as error:
            raise Unavailable(f"Entra's token endpoint can't be reached ({explain(error)}).") from error
        if "access_token" in answer:
            try:
                return str(answer["access_token"]), float(answer.get("expires_in", 600))
            except (ValueError, TypeError) as error:
                raise Unavailable("Entra returned a token without a lifetime.") from error
        if answer.get("error", "server_error") in _TRIES_AGAIN:
            raise Unavailable("Entra's token endpoint is temporarily unavailable.")
        codes = ", ".join(f"AADSTS{code}" for code in answer.get("error_codes") or ())
        said = codes or str(answer.get("error", "no reason"))
        raise Hold(
            f"Entra rejected the application's credentials ({said}).",
            reason=Reason.CREDENTIALS_INVALID,
            scope=Scope.TENANT,
            code=said,
        )

    return fetch


class _Application:
    """msal's client, replaced when a secret or a certificate has changed.

    msal itself asks at most once a minute where Entra has answered 400, 429 or 5xx, and repeats the answer in between.

    The authority is discovered at the first use, so that an unavailable authority does not keep the service from starting.
    """

    def __init__(self, section: MicrosoftSection, open_secret: Callable[[str], str], proxies: Proxies) -> None:
        self._section = section
        self._open_secret = open_secret
        self._http = session(section.ca_file, proxies=proxies)
        self._made: tuple[Credential, Any] | None = None

    def ask(self) -> dict[str, Any]:
        """Entra's answer. Raises `Stop` where the credential cannot be opened now, and what msal raises."""
        client = self._client()
        client.remove_tokens_for_client()  # else msal answers with the token that Graph has just refused
        return client.acquire_token_for_client([f"{self._section.graph_url}/.default"])

    def _client(self) -> Any:  # noqa: ANN401  msal has no types
        if self._section.federated_token_file:
            # msal calls the function whenever it asks Entra: the file is then read as it is at that moment.
            credential: Credential = {"client_assertion": self._assertion}
        else:
            credential = credential_of(self._section, self._open_secret)
        if self._made is None or self._made[0] != credential:
            self._made = credential, self._new(credential)
        return self._made[1]

    def _assertion(self) -> str:
        credential = credential_of(self._section, self._open_secret)
        return str(credential["client_assertion"]) if not isinstance(credential, str) else credential

    def _new(self, credential: Credential) -> Any:  # noqa: ANN401  msal has no types
        return msal.ConfidentialClientApplication(  # pyright: ignore[reportUnknownMemberType]  msal has no types
            self._section.client_id,
            authority=f"{self._section.authority_url}/{self._section.tenant_id}",
            client_credential=credential,
            instance_discovery=False,
            http_client=self._http,
        )
