"""From whom mail is, and what it is written with."""

from pathlib import Path

import pytest

from tests.configuration.files import Files

NOTICE = "unlisted_status: dead_letter\n\ndeletion:\n  notice: {}\n"
"""The tenant's file with a notice, where it has a line that says the same without."""
SENDER = "North High <accounts@mail.north-high.example>"


@pytest.mark.parametrize(
    "sender",
    [
        "North High, Registrar <accounts@mail.north-high.example>",  # ../shared/cases/sender-with-comma.txt
        "'\"North High, Registrar\" <accounts@mail.north-high.example>'",
        "North High <accounts@north-high.example>",
        "North High <accounts@office.mail.north-high.example>",
        "accounts@MAIL.north-high.example",
    ],
)
def test_a_sender_in_the_sending_domain_or_above_or_below_it_is_right(files: Files, sender: str) -> None:
    files.replace(files.tenant, SENDER, sender)
    assert files.messages() == []


@pytest.mark.parametrize(
    ("sender", "wrong"),
    [
        ("accounts@other.example", "is in the domain `other.example`"),
        ("accounts@mail.other.example", "is in the domain `mail.other.example`"),
        ("accounts@other-north-high.example", "is in the domain `other-north-high.example`"),
        ("North High <acc(ounts@mail.north-high.example>", "is not a plain e-mail address"),
        ("accounts@mail", "is not a plain e-mail address"),
    ],
)
def test_a_sender_that_receivers_would_take_for_forged_is_reported(files: Files, sender: str, wrong: str) -> None:
    line = files.replace(files.tenant, SENDER, sender)
    (mistake,) = files.findings().other
    assert (mistake.place, mistake.line) == ("mailgun.sender", line)
    assert wrong in mistake.wrong


def test_domains_of_two_schools_below_one_public_suffix_are_two(files: Files) -> None:
    files.replace(files.tenant, "domain: mail.north-high.example", "domain: north.co.uk")
    files.replace(files.tenant, SENDER, "accounts@south.co.uk")
    (message,) = files.messages()
    assert "is in the domain `south.co.uk`" in message


def test_a_template_that_two_tenants_share_is_reported_once(files: Files) -> None:
    files.copy("south-high", ("students.north-high", "students.south-high"))
    body = files.root / "templates/new-user-creation-without-account-email/en/body.txt"
    body.write_text(f"{body.read_text()}\n{{{{ pasword }}}}")
    (message,) = files.messages()
    assert "en/body.txt:" in message
    assert "Did you mean `password`?" in message


def test_a_name_that_makes_the_subject_too_long_is_reported_at_the_tenant(files: Files) -> None:
    subject = files.root / "templates/new-user-creation-without-account-email/el/subject.txt"
    subject.write_text("{{ institution }}" + "x" * 200)
    line = files.replace(files.tenant, "name: North High School", f"name: {'North ' * 20}")
    (mistake,) = files.findings().other
    assert (mistake.place, mistake.line) == ("name", line)


def test_templates_are_looked_at_in_spite_of_mistakes_in_the_service_and_the_tenant(
    files: Files, tmp_path: Path
) -> None:
    files.replace(files.service, "group_id: provisioner", "grup_id: 7")
    files.replace(files.tenant, "region: eu", "region: moon")
    (tmp_path / "templates/new-user-creation-without-account-email/en/body.txt").unlink()
    assert len(files.messages()) == 4  # the misspelt key, and its value


def noticed(files: Files, said: str) -> int:
    return files.replace(files.tenant, "unlisted_status: dead_letter", NOTICE.format(said))


def test_a_notice_of_deletions_is_written_with_the_templates_that_are_shipped(files: Files) -> None:
    noticed(files, "{office: [office@north-high.example], languages: [el, en]}")
    assert files.messages() == []


def test_its_templates_are_checked_like_the_welcome_mails(files: Files) -> None:
    noticed(files, "{languages: [el, en]}")
    body = files.root / "templates/account-deletion-notice-email/en/body.txt"
    body.write_text(f"{body.read_text()}\n{{{{ password }}}}")
    (message,) = files.messages()
    assert "`password` is not known in this mail" in message


def test_a_notice_for_no_one_is_a_mistake(files: Files) -> None:
    noticed(files, "{student: false}")
    (message,) = files.messages()
    assert "is for no one: give addresses in `office`" in message


def test_a_notice_without_a_mail_service_is_a_mistake(files: Files) -> None:
    noticed(files, "{days: 3}")
    text = files.tenant.read_text().replace("enabled: true", "enabled: false")
    files.tenant.write_text(text[: text.index("mailgun:")])
    (message,) = files.messages()
    assert "there is no `mailgun` section to send it through" in message


def test_an_offices_address_must_be_a_plain_one(files: Files) -> None:
    noticed(files, "{office: [office@north-high.example, 'office,it@x']}")
    (message,) = files.messages()
    assert "deletion.notice.office" in message
