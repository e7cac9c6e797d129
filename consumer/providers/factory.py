"""Opens a tenant's directories."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from consumer.events import Provider
from consumer.http.client import Http
from consumer.http.proxy import DIRECT, Proxies
from consumer.pacing.quota import NO_QUOTAS, Quota, over
from consumer.pacing.terms import Terms
from consumer.providers.api import Api, Classify
from consumer.providers.google import answers as google_answers
from consumer.providers.google import licence_answers
from consumer.providers.google import scopes as google_scopes
from consumer.providers.google import tokens as google_tokens
from consumer.providers.google.directory import GoogleDirectory
from consumer.providers.google.limits import GoogleTerms, LicensingTerms
from consumer.providers.microsoft import answers as microsoft_answers
from consumer.providers.microsoft import tokens as microsoft_tokens
from consumer.providers.microsoft.directory import MicrosoftDirectory
from consumer.providers.microsoft.limits import GraphTerms
from consumer.providers.names import GOOGLE_LICENCES
from consumer.providers.port import Directory
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection, MicrosoftSection, Tenant


class Tokens(Protocol):
    """Where an institution's tokens come from."""

    def __call__(
        self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None
    ) -> TokenSource:
        """See `open_tokens`."""
        ...


def open_tokens(
    section: MicrosoftSection | GoogleSection,
    *,
    open_secret: Callable[[str], str],
    proxies: Proxies = DIRECT,
    scopes: Sequence[str] | None = None,
) -> TokenSource:
    """The vendor's own authority. Connects to nothing yet. Raises `Stop` where the secret can't be opened or is of the wrong form.

    `scopes` are what tokens of Google's are for, where not for the service's own calls; Microsoft's are for whatever the application was
    granted.
    """
    if isinstance(section, MicrosoftSection):
        return TokenSource(microsoft_tokens.fetcher(section, open_secret, proxies=proxies))
    return TokenSource(google_tokens.fetcher(section, open_secret, proxies=proxies, scopes=scopes))


def terms_of(tenant: Tenant) -> Mapping[str, Terms]:
    """What the tenant's providers charge it, by their services."""
    terms: dict[str, Terms] = {}
    if section := tenant.microsoft:
        terms[Provider.MICROSOFT] = GraphTerms(section)
    if section := tenant.google:
        terms[Provider.GOOGLE] = GoogleTerms(section, domain=tenant.addresses.domain)
        terms[GOOGLE_LICENCES] = LicensingTerms(section)
    return terms


def open_directories(
    tenant: Tenant,
    *,
    http: Callable[[Path | None], Http],
    tokens: Tokens,
    quotas: Mapping[str, Quota] = NO_QUOTAS,
) -> Mapping[Provider, Directory]:
    """The directories that the tenant has. `http` gives the client for a CA file; `quotas` are by service. Raises what `tokens` raises."""
    directories: dict[Provider, Directory] = {}
    if section := tenant.microsoft:
        client = over(http(section.ca_file), quotas.get(Provider.MICROSOFT))
        api = _api(Provider.MICROSOFT, section.graph_url, client, tokens(section), microsoft_answers.fault_of)
        directories[Provider.MICROSOFT] = MicrosoftDirectory(section, api)
    if section := tenant.google:
        client = http(section.ca_file)
        api = _api(
            Provider.GOOGLE,
            section.directory_url,
            over(client, quotas.get(Provider.GOOGLE)),
            tokens(section),
            google_answers.fault_of,
        )
        licensing = _api(
            GOOGLE_LICENCES,
            section.licensing_url,
            over(client, quotas.get(GOOGLE_LICENCES)),
            tokens(section, scopes=google_scopes.LICENSING),
            licence_answers.fault_of,
        )
        directories[Provider.GOOGLE] = GoogleDirectory(section, api, licensing)
    return directories


def _api(service: str, url: str, http: Http, tokens: TokenSource, classify: Classify) -> Api:
    return Api(service, url, http=http, tokens=tokens, classify=classify)
