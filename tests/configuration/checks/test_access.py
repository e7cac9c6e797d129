"""Addresses of vendors, and as whom the service acts."""

import pytest

from tests.configuration.files import Files


@pytest.mark.parametrize(
    ("old", "new", "place", "wrong"),
    [
        ("  client_id:", "  graph_url: https://graph.microsoft.com/v1.0\n  client_id:", "microsoft.graph_url", "holds the path"),
        ("  client_id:", "  graph_url: https://host:99999\n  client_id:", "microsoft.graph_url", "is not an address"),
        ("  client_id:", "  authority_url: 'https://[::1'\n  client_id:", "microsoft.authority_url", ""),
        ("region: eu", "url: https://api.mailgun.net/v3", "mailgun.url", "holds the path `/v3`"),
        ("region: eu", "url: 'https://a b.example'", "mailgun.url", "is not an address"),
        ("addresses:\n", "google: {service_account: env:KEY, admin_subject: Ann <a@school.example>}\naddresses:\n",
         "google.admin_subject", "wrong form"),
    ],
)  # fmt: skip
def test_what_no_call_could_be_made_with_holds_the_tenant(
    files: Files, old: str, new: str, place: str, wrong: str
) -> None:
    files.replace(files.tenant, old, new)
    (mistake,) = files.findings(secrets=False).unusable["north-high"]
    assert mistake.place == place
    assert wrong in mistake.wrong


@pytest.mark.parametrize(("code", "meant"), [("UK", "`GB`"), ("EL", "`GR`"), ("XX", "")])
def test_a_country_that_iso_does_not_know_is_reported_with_what_was_meant(files: Files, code: str, meant: str) -> None:
    files.replace(files.tenant, "usage_location: GR", f"usage_location: {code}")
    (message,) = files.messages()
    assert f"`microsoft.usage_location` is `{code}`, which ISO 3166 does not have" in message
    assert meant in message
