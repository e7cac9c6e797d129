import pytest

from consumer.errors import GiveUp, Reason
from consumer.mail.address import is_address, recipient, sender


@pytest.mark.parametrize(
    "text",
    [
        "maria@example.com",
        "maria.borg+school@mail.example.co.uk",
        "o'neill@example.com",
        "m@xn--mgberp4a5d4ar.xn--4gbrim",
        "UPPER@EXAMPLE.COM",
        "_x-1@a-b.example.museum",
    ],
)
def test_one_plain_address_is_taken_as_it_stands(text: str) -> None:
    assert recipient(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "maria",
        "maria@",
        "@example.com",
        "maria@example",
        "maria@localhost",
        "maria@@example.com",
        "maria@example.com@evil.example",
        ".maria@example.com",
        "maria.@example.com",
        "ma..ria@example.com",
        "maria@-example.com",
        "maria@example-.com",
        "maria@example..com",
        "maria@example.com.",
        "maria@[192.0.2.1]",
        "maria@192.0.2.1",
        " maria@example.com",
        "maria@example.com ",
        "ma ria@example.com",
        '"maria"@example.com',
        "maria(comment)@example.com",
        "μαρία@example.com",
        "maria@παράδειγμα.ελ",
        "maria@exаmple.com",
        "m" * 65 + "@example.com",
        "m@" + "a" * 63 + "." + ("b" * 63 + ".") * 3 + "com",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "maria@example.com,eve@evil.example",
        "maria@example.com;eve@evil.example",
        "maria@example.com eve@evil.example",
        "maria@example.com\r\nBcc: eve@evil.example",
        "maria@example.com\n",
        "maria@example.com\x00",
        "maria@example.com\u2028eve@evil.example",
        "Maria <eve@evil.example>",
        "<maria@example.com>",
        "group: maria@example.com, eve@evil.example;",
        "maria@example.com%0d%0aBcc:eve@evil.example",
        "maria\u202e@example.com",
    ],
)
def test_no_trick_turns_one_recipient_into_two_or_into_another(text: str) -> None:
    with pytest.raises(GiveUp) as refused:
        recipient(text)
    assert refused.value.reason is Reason.NO_CONTACT_ADDRESS
    assert "maria" not in str(refused.value)
    assert "evil" not in str(refused.value)


def sentence_of(text: str | None, *provisioned: str) -> str:
    with pytest.raises(GiveUp) as refused:
        recipient(text, provisioned=provisioned)
    assert refused.value.reason is Reason.NO_CONTACT_ADDRESS
    return str(refused.value)


@pytest.mark.parametrize(
    "around",
    ["{} ", " {}", "{}\u00a0", "\u3000{}\t", "\ufeff{}", "{}\u200b", "\u202a{}\u202c", "{}\u2800", "\u3164{}\ufe0f"],
)
def test_blanks_around_an_address_are_taken_off(around: str) -> None:
    assert recipient(around.format("maria@example.com")) == "maria@example.com"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("maria@example.com,", "has a comma or semicolon"),
        ("mailto:maria@example.com", "begins with `mailto:`"),
        ("MAILTO:maria@example.com", "begins with `mailto:`"),
        ("Maria <maria@example.com>", "has a name or angle brackets"),
        ("ma ria@example.com", "has a blank inside"),
        ("μαρία@example.com", "other than ASCII"),
        ("maria", "has no `@`"),
        ("maria@localhost", "is not an e-mail address"),
    ],
)
def test_each_mistake_has_a_sentence_of_its_own(text: str, wrong: str) -> None:
    assert wrong in sentence_of(text)
    assert "correct it in the school's information system" in sentence_of(text)


@pytest.mark.parametrize("text", [None, "", " ", "\u00a0\u200b"])
def test_a_student_without_an_address_is_distinguished_from_one_with_a_wrong_one(text: str | None) -> None:
    assert "has no contact address" in sentence_of(text)


@pytest.mark.parametrize("text", ["maria@students.example", "maria@STUDENTS.example", " maria@students.example "])
def test_no_mail_goes_to_a_domain_whose_accounts_the_service_creates(text: str) -> None:
    assert "in a domain whose accounts this service creates" in sentence_of(text, "students.example")


@pytest.mark.parametrize("text", ["maria@north.example", "maria@mail.students.north.example"])
def test_domains_above_and_below_are_others(text: str) -> None:
    assert recipient(text, provisioned=["students.north.example"]) == text


@pytest.mark.parametrize(
    ("mailbox", "written"),
    [
        ("accounts@mail.example", "accounts@mail.example"),
        ("<accounts@mail.example>", "accounts@mail.example"),
        ("North High <accounts@mail.example>", "North High <accounts@mail.example>"),
        ("Λύκειο Βορρά <accounts@mail.example>", "Λύκειο Βορρά <accounts@mail.example>"),
        ("North High, Registrar <accounts@mail.example>", '"North High, Registrar" <accounts@mail.example>'),
        ('"North High, Registrar" <accounts@mail.example>', '"North High, Registrar" <accounts@mail.example>'),
        ("St. Mary's (North) <accounts@mail.example>", '"St. Mary\'s (North)" <accounts@mail.example>'),
        ('The "High" <accounts@mail.example>', '"The \\"High\\"" <accounts@mail.example>'),
    ],
)
def test_a_sender_s_name_is_quoted_where_it_must_be(mailbox: str, written: str) -> None:
    assert sender(mailbox) == written
