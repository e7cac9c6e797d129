"""`config check`: ten broken configurations, ten messages that say where, what is wrong and what would be right."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from consumer.configuration.loading import load_settings
from tests.configuration.files import SECRETS, Files


def test_the_example_configuration_is_right(files: Files) -> None:
    assert files.messages() == []


Broken = tuple[str, Callable[[Files], Path], str, str, str, str]


@pytest.mark.parametrize(
    ("which", "old", "new", "place", "wrong", "right"),
    [
        ("tenant", "name: North", "nam: North", "nam", "is not a known key", "Did you mean `name`?"),
        ("tenant", "usage_location: GR", "usage_location: Greece", "microsoft.usage_location", "wrong form", "for example `GR`"),
        ("tenant", "create_account", "make_account", "statuses.2.provider_action", "not one of those allowed", "`create_account`"),
        ("tenant", "id: applied", "id: 7", "statuses.1.id", "wrong kind", "put it in quotes"),
        ("tenant", "env:NORTH_HIGH_MAILGUN_KEY", "key-3ax6", "mailgun.api_key", "wrong form", "`env:NAME` or `file:path`"),
        ("tenant", "{given}.{family}\"", "{given}.{surname}\"", "addresses.patterns.1", "{surname}", "Correct the pattern."),
        ("tenant", "region: eu", "url: http://api.example", "mailgun.url", "must be https", "an https address"),
        ("tenant", "  microsoft: [", "  google: [", "rules.2.groups.google", "this tenant does not use", "`google` section"),
        ("tenant", "[el, en]", "[el, en, mt]", "", "", ""),
        ("service", "group_id: provisioner", "librdkafka: {enable.auto.commit: 'true'}", "kafka.librdkafka.enable.auto.commit",
         "would break a guarantee", "Remove it."),
        ("service", "\nhttp:", "\nprovisioning: {lease: 10}\nhttp:", "provisioning.lease", "not longer than one call", "twice"),
        ("tenant", "name: North High School", "name: North\nname: South", "name", "is given twice", "Keep one of the two."),
        ("tenant", "  domain: students", " domain: students", "", "This is not YAML", "indentation"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line_what_is_wrong_and_what_would_be_right(
    files: Files, which: str, old: str, new: str, place: str, wrong: str, right: str
) -> None:
    files.replace(files.tenant if which == "tenant" else files.service, old, new)
    messages = [message for message in files.messages() if not place or f"`{place}`" in message]
    assert len(messages) >= 1
    assert wrong in messages[0]
    assert right in messages[0]


def test_a_mistake_names_the_line_that_it_stands_in(files: Files) -> None:
    line = files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    (message,) = files.messages()
    assert f"north-high.yaml:{line}:" in message


def test_all_mistakes_of_all_files_are_reported_at_once(files: Files) -> None:
    files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    files.replace(files.tenant, "region: eu", "region: moon")
    copy = files.tenant.with_name("south-high.yaml")
    copy.write_text(files.tenant.read_text())
    files.replace(files.service, "port: 9464", "port: http")
    places = [(mistake.file.rpartition("/")[2], mistake.place) for mistake in files.findings().mistakes]
    assert places == [
        ("service.yaml", "http.port"),
        ("north-high.yaml", "microsoft.usage_location"),
        ("north-high.yaml", "addresses.domain"),
        ("north-high.yaml", "mailgun.region"),
        ("south-high.yaml", "id"),
        ("south-high.yaml", "microsoft.usage_location"),
        ("south-high.yaml", "addresses.domain"),
        ("south-high.yaml", "mailgun.region"),
    ]


def test_a_tenant_in_a_file_of_another_name_is_reported(files: Files) -> None:
    files.tenant.rename(files.tenant.with_name("south.yaml"))
    (message,) = files.messages()
    assert "the file is called `south.yaml`" in message


def test_a_secret_that_is_not_there_is_reported_without_any_secret(files: Files) -> None:
    environ = {name: value for name, value in SECRETS.items() if name != "NORTH_HIGH_CLIENT_SECRET"}
    (message,) = files.messages(environ)
    assert "`microsoft.client_secret`" in message
    assert "NORTH_HIGH_CLIENT_SECRET is not set" in message


def test_secrets_need_not_be_there_where_the_check_runs_in_a_build(files: Files) -> None:
    assert files.messages({}, secrets=False) == []


def test_a_mistake_in_an_override_names_the_variable(files: Files) -> None:
    (message,) = files.messages({**SECRETS, "PROVISIONER_DATABASE__POOL_SIZE": "many"})
    assert message.startswith("PROVISIONER_DATABASE__POOL_SIZE: `database.pool_size`")


def test_an_unknown_override_is_a_mistake(files: Files) -> None:
    (message,) = files.messages({**SECRETS, "PROVISIONER_DATABSE__URL": "postgresql://x"})
    assert "Did you mean `database`?" in message


def test_a_certificate_file_that_cannot_be_read_is_reported(files: Files) -> None:
    files.replace(files.tenant, "region: eu", "ca_file: /nowhere/ca.pem")
    (message,) = files.messages()
    assert "`mailgun.ca_file` The CA file `/nowhere/ca.pem` can't be read as PEM certificates" in message
    assert files.messages(secrets=False) == []


def test_a_service_account_that_is_no_key_is_reported(files: Files) -> None:
    files.replace(
        files.tenant, "addresses:", "google: {service_account: env:KEY, admin_subject: a@school.example}\naddresses:"
    )
    (message,) = files.messages({**SECRETS, "KEY": "not a key"})
    assert "`google.service_account`" in message
    assert "not a key" not in message


def test_a_sender_with_a_comma_in_its_name_is_right(files: Files) -> None:
    files.replace(files.tenant, "sender: North High <", "sender: North High, Registrar <")
    assert files.messages() == []


def test_a_sender_without_a_plain_address_is_reported(files: Files) -> None:
    files.replace(files.tenant, "<accounts@mail.north-high.example>", "<acc(ounts@mail.north-high.example>")
    (message,) = files.messages()
    assert "`mailgun.sender` is not a plain e-mail address" in message


@pytest.mark.parametrize("reserved", ["Headmaster", "head@master", "-head"])
def test_a_reserved_local_part_is_one(files: Files, reserved: str) -> None:
    files.replace(files.tenant, "addresses:\n", f"addresses:\n  reserved: [{reserved}]\n")
    (message,) = files.messages()
    assert "`addresses.reserved.1` has a value of the wrong form" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("usage_location: GR", "usage_location: Greece"),
        ("  domain: students", " domain: students"),
        ('{family}"', '{surname}"'),
        ("region: eu", "ca_file: /nowhere/ca.pem"),
        ("env:NORTH_HIGH_CLIENT_SECRET", "env:NOT_SET"),
    ],
)
def test_what_a_tenant_cannot_be_worked_for_without_is_its_own(files: Files, old: str, new: str) -> None:
    files.copy("south-high", ("students.north-high", "students.south-high"))
    files.replace(files.tenant, old, new)
    findings = files.findings()
    assert list(findings.unusable) == ["north-high"]
    assert (findings.service, findings.other) == ([], [])


@pytest.mark.parametrize("old", ["languages: [el, en]", "  microsoft: ["])
def test_a_mistake_that_stops_a_step_of_some_students_holds_no_tenant(files: Files, old: str) -> None:
    files.replace(files.tenant, old, {"languages: [el, en]": "languages: [mt]"}.get(old, "  google: ["))
    findings = files.findings()
    assert findings.unusable == {}
    assert len(findings.other) == 1


def test_a_mistake_of_the_service_is_no_one_else_s(files: Files) -> None:
    environ = {name: value for name, value in SECRETS.items() if name != "DATABASE_PASSWORD"}
    findings = files.findings(environ)
    assert len(findings.service) == 1
    assert findings.unusable == {}


def test_every_default_may_be_written_down(files: Files) -> None:
    document = yaml.safe_load(files.service.read_text())
    settings = load_settings(files.service, {})
    for name in ("provisioning", "outbound", "http", "log"):
        document[name] = getattr(settings, name).model_dump(mode="json")
    files.service.write_text(yaml.safe_dump(document))
    assert files.messages() == []


def test_a_tenant_in_dry_run_is_pointed_out_and_is_no_mistake(files: Files) -> None:
    files.replace(files.tenant, "unlisted_status: dead_letter", "dry_run: true")
    found = files.findings()
    assert found.mistakes == []
    (notice,) = found.notices
    assert "`north-high` is in dry run: nothing is changed at its vendors, and no mail is sent." in notice
