"""Addresses of vendors, and as whom the service acts."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from consumer.configuration.checks.access import references
from consumer.settings import Secret, SecretRef
from sandbox.simulators.tls import Authority
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


def test_a_certificate_file_that_tenants_share_is_reported_for_each(files: Files, tmp_path: Path) -> None:
    shared = tmp_path / "ca.pem"
    shared.write_text("no certificate", encoding="utf-8")
    files.replace(files.tenant, "region: eu", f"ca_file: {shared}")
    files.copy("south-high", ("students.north-high", "students.south-high"))
    assert list(files.findings().unusable) == ["north-high", "south-high"]


def test_a_certificate_file_is_judged_by_what_it_holds_now(files: Files, tmp_path: Path) -> None:
    changing = Authority(tmp_path).ca_file
    good = changing.read_bytes()
    files.replace(files.tenant, "region: eu", f"ca_file: {changing}")
    assert files.messages() == []
    changing.write_text("no certificate", encoding="utf-8")
    assert len(files.messages()) == 1
    changing.write_bytes(good)
    assert files.messages() == []


class _Key(BaseModel):
    label: str
    secret: Secret


class _Keys(BaseModel):
    one: _Key | None
    listed: tuple[_Key, ...]
    named: dict[str, Secret | int]


def test_references_are_found_wherever_a_model_can_hold_one() -> None:
    key = _Key(label="env:NO_REFERENCE", secret=SecretRef("env:A"))
    keys = _Keys(one=key, listed=(key, key), named={"b": SecretRef("env:B"), "c": 1})
    assert list(references(keys)) == [
        (("one", "secret"), "env:A"),
        (("listed", 0, "secret"), "env:A"),
        (("listed", 1, "secret"), "env:A"),
        (("named", "b"), "env:B"),
    ]
