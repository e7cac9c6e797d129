"""Domain-wide delegation without a key: Google signs for the service account, asked by an identity that may do so.

    own identity ──▶ access token ──signJwt──▶ assertion of the service account about the administrator ──▶ access token

IAM Credentials API, `projects.serviceAccounts.signJwt`, and "Using OAuth 2.0 for Server to Server Applications" for the exchange;
google-auth's `impersonated_credentials` with a `subject` do both. The own identity needs the role Service Account Token Creator on the
service account, which holds `iam.serviceAccounts.signJwt`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import google.auth
from google.auth import aws, identity_pool, impersonated_credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request

from consumer.errors import Stop
from consumer.http.proxy import Proxies
from consumer.providers.session import session
from consumer.tenants import GoogleSection

_IAM_SCOPE = ("https://www.googleapis.com/auth/iam",)
_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
_IAM_URL = "https://iamcredentials.googleapis.com"
_AWS_TOKEN_TYPE = "urn:ietf:params:aws:token-type:aws4_request"  # noqa: S105  a type


class Keyless:
    """Raises `Stop` where the credential configuration cannot be read as such."""

    def __init__(self, section: GoogleSection, scopes: Sequence[str], proxies: Proxies) -> None:
        self._section = section
        self._scopes = list(scopes)
        # Metadata servers answer in plain text too.
        transport = session(section.ca_file, proxies=proxies, objects_only=False)
        self._request = _Elsewhere(transport, {_TOKEN_URL: section.token_url, _IAM_URL: section.iam_url})
        self._source: Any = None
        self._token_file: Path | None = None
        if section.credential_configuration:
            info = _read(section.credential_configuration)
            self._source = _configured(info)
            if token_file := info["credential_source"].get("file"):
                self._token_file = Path(token_file)
                _require(self._token_file)

    def refreshed(self) -> Any:  # noqa: ANN401  google-auth has no types
        """Credentials with a new token. Blocking. Raises what google-auth raises, and `Stop` where there is no identity to ask with now."""
        if self._token_file:
            _require(self._token_file)
        if self._source is None:
            self._source = _own_identity(self._request)
        credentials: Any = impersonated_credentials.Credentials(  # no types
            self._source,
            target_principal=self._section.impersonate,
            target_scopes=self._scopes,
            subject=self._section.admin_subject,
        )
        credentials.refresh(self._request)
        return credentials


def _own_identity(request: Request) -> Any:  # noqa: ANN401  google-auth has no types
    try:
        return cast("Any", google.auth).default(scopes=_IAM_SCOPE, request=request)[0]
    except DefaultCredentialsError as error:
        raise Stop("No application default credentials are available where this service runs.") from error


class _Elsewhere(Request):
    """Sends what google-auth has fixed addresses for to those that are configured: endpoints of a private network, or a simulator's."""

    def __init__(self, transport: Any, places: Mapping[str, str]) -> None:  # noqa: ANN401  google-auth has no types
        super().__init__(transport)
        self._places = places

    def __call__(self, url: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401  google-auth has no types
        """See google-auth's `Request`."""
        for fixed, configured in self._places.items():
            if url.startswith(fixed):
                url = configured + url.removeprefix(fixed)
        return super().__call__(url, *args, **options)  # pyright: ignore[reportUnknownMemberType]  google-auth has no types


_WRONG = (
    "`google.credential_configuration` does not lead to a credential configuration for workload identity federation"
)


def _read(path: Path) -> Mapping[str, Any]:
    """An `executable` source is rejected: a configuration must not run a program unexpectedly."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"{_WRONG}: `{path}` cannot be read as JSON.") from error
    info = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if info.get("type") != "external_account" or not isinstance(info.get("credential_source"), dict):
        raise Stop(f"{_WRONG}: `{path}` is not of the type `external_account`, or has no `credential_source`.")
    if "executable" in info["credential_source"]:
        raise Stop(f"{_WRONG} without a program: `{path}` has an `executable` source, which is not supported.")
    return info


def _configured(info: Mapping[str, Any]) -> Any:  # noqa: ANN401  google-auth has no types
    kind: Any = aws.Credentials if info.get("subject_token_type") == _AWS_TOKEN_TYPE else identity_pool.Credentials
    try:
        return kind.from_info(info, scopes=list(_IAM_SCOPE))
    except (GoogleAuthError, ValueError, TypeError, KeyError) as error:
        raise Stop(f"{_WRONG}: google-auth rejected it ({type(error).__name__}).") from error


def _require(token_file: Path) -> None:
    if not os.access(token_file, os.R_OK):
        raise Stop(f"The token file `{token_file}` of `google.credential_configuration` cannot be read.")
