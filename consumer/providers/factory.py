"""Opens a tenant's directories."""

from collections.abc import Callable, Mapping
from pathlib import Path

from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.providers.api import Api
from consumer.providers.google import answers as google_answers
from consumer.providers.google import tokens as google_tokens
from consumer.providers.google.directory import GoogleDirectory
from consumer.providers.microsoft import answers as microsoft_answers
from consumer.providers.microsoft import tokens as microsoft_tokens
from consumer.providers.microsoft.directory import MicrosoftDirectory
from consumer.providers.port import Directory
from consumer.providers.tokens import TokenSource
from consumer.tenants import Tenant


def open_directories(
    tenant: Tenant, *, http: Callable[[Path | None], HttpClient], open_secret: Callable[[str], str]
) -> Mapping[Provider, Directory]:
    """The directories that the tenant has. `http` gives the client for a CA file. Connects to nothing yet.

    Raises `Stop` where a secret can't be opened or is of the wrong form.
    """
    directories: dict[Provider, Directory] = {}
    if section := tenant.microsoft:
        tokens = TokenSource(microsoft_tokens.fetcher(section, open_secret(section.client_secret)))
        api = Api(
            Provider.MICROSOFT,
            section.graph_url,
            http=http(section.ca_file),
            tokens=tokens,
            classify=microsoft_answers.fault_of,
        )
        directories[Provider.MICROSOFT] = MicrosoftDirectory(section, api)
    if section := tenant.google:
        tokens = TokenSource(google_tokens.fetcher(section, open_secret(section.service_account)))
        api = Api(
            Provider.GOOGLE,
            section.directory_url,
            http=http(section.ca_file),
            tokens=tokens,
            classify=google_answers.fault_of,
        )
        directories[Provider.GOOGLE] = GoogleDirectory(section, api)
    return directories
