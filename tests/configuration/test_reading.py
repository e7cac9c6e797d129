"""One mistake hides no other, and makes none where there is none."""

import pytest

from tests.configuration.files import SECRETS, Files

BOTH = ('patterns: ["{given}.{family}", "{given}.{family}{n}"]', 'patterns: ["{given}.{surname}"]')
"""A mistake that only a check of meanings finds."""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("usage_location: GR", "usage_location: Greece", "microsoft.usage_location"),
        ("  usage_location: GR\n", "", "microsoft.usage_location"),
        ("microsoft:\n", "microsoft: x\nunknown:\n", "microsoft"),
        ("name: North High School\n", "", "name"),
        ("name: North High School", "nmae: North High School", "nmae"),
        ("domain: students.north-high.example", "domain: 7", "addresses.domain"),
        ("addresses:\n", "adresses:\n", "adresses"),
        ("languages: [el, en]", "languages: [el, 7]", "welcome_email.languages.2"),
        ("when: {grade: [\"7\", \"8\"]}", "when: {7: [\"7\"]}", "rules.2.when.7"),
        ("microsoft: [02bd9fd6", "apple: [02bd9fd6", "rules.2.groups.apple"),
        ("name: North High School", "name: x\nname: North High School", "name"),
    ],
)  # fmt: skip
def test_a_mistake_of_form_hides_none_of_meaning(files: Files, old: str, new: str, place: str) -> None:
    files.replace(files.tenant, old, new)
    files.replace(files.tenant, *BOTH)
    places = [mistake.place for mistake in files.findings().mistakes]
    assert place in places
    assert "addresses.patterns.1" in places


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("mailgun:\n", "mailgunn:\n", 1),
        ("mailgun:\n", "mailgun: x\nunknown:\n", 2),
        ("microsoft:\n", "mikrosoft:\n", 1),
        ("enabled: true", "enabled: perhaps", 1),
        ("template", "templat", 0),
        ("sender: North High <accounts@mail.north-high.example>", "sender: 7", 1),
        ("domain: mail.north-high.example", "domain: 7", 1),
        ("id: north-high", "id: 7", 1),
    ],
)
def test_what_cannot_be_read_makes_no_other_mistakes(files: Files, old: str, new: str, count: int) -> None:
    text = files.tenant.read_text()
    files.tenant.write_text(text.replace(old, new, 1))
    assert len(files.messages()) == count


def test_what_stands_below_a_misspelt_key_is_read_as_what_was_meant(files: Files) -> None:
    files.replace(files.tenant, "mailgun:\n", "mailgunn:\n")
    line = files.replace(files.tenant, "region: eu", "region: moon")
    assert [(mistake.place, mistake.line) for mistake in files.findings().mistakes] == [
        ("mailgunn", line - 2),
        ("mailgun.region", line),
    ]


def test_a_service_s_file_that_is_not_yaml_hides_no_mistake_of_the_environment(files: Files) -> None:
    files.service.write_text("kafka: [")
    messages = files.messages({**SECRETS, "PROVISIONER_VAULT": "[a"})
    assert len(messages) == 2
    assert any(message.startswith("PROVISIONER_VAULT: ") for message in messages)


def test_tenants_are_looked_at_in_spite_of_a_service_s_file_that_is_not_yaml(files: Files) -> None:
    files.service.write_text("kafka: [")
    files.replace(files.tenant, "region: eu", "region: moon")
    environ = {
        "PROVISIONER_TENANTS_DIR": str(files.tenant.parent),
        "PROVISIONER_TEMPLATES_DIR": str(files.root / "templates"),
    }
    assert [mistake.place for mistake in files.findings({**SECRETS, **environ}).mistakes] == ["", "mailgun.region"]
