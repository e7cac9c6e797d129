"""Which directories a tenant has, and from whom each gets its tokens."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from consumer.errors import Stop
from consumer.events import Provider
from consumer.http.client import Http
from consumer.providers.factory import open_directories, open_tokens
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection, MicrosoftSection, Tenant
from testbed.fakes.http import ScriptedHttp


@pytest.mark.parametrize("without", list(Provider))
def test_a_tenant_has_the_directories_that_its_file_names(tenant: Tenant, without: Provider) -> None:
    asked: list[type] = []
    ca_files: list[Path | None] = []

    def http(ca_file: Path | None) -> Http:
        ca_files.append(ca_file)
        return ScriptedHttp()

    def tokens(section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        if scopes is None:
            asked.append(type(section))
        return TokenSource(lambda: ("token", 3_600))

    one = tenant.model_copy(update={without.value: None})
    (section,) = (left for left in (one.microsoft, one.google) if left)
    directories = open_directories(one, http=http, tokens=tokens)
    assert (
        [directory.provider for directory in directories.values()] == list(directories) == [*({*Provider} - {without})]
    )
    assert (asked, ca_files) == ([type(section)], [section.ca_file])


def test_a_secret_of_the_wrong_form_stops_the_process(tenant: Tenant) -> None:
    assert tenant.google
    with pytest.raises(Stop, match=r"google\.service_account"):
        open_tokens(tenant.google, open_secret=lambda _: "not a key")
