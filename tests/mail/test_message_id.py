import re

from consumer.events import Provider
from consumer.mail.message_id import message_id


def ident(
    tenant: str = "athens",
    student: str = "S-1",
    provider: Provider = Provider.GOOGLE,
    which: str = "0",
    mail: str = "welcome",
) -> str:
    return message_id(mail, tenant, student, provider, which, domain="mail.school.example")


def test_every_attempt_at_one_mail_has_the_same_id() -> None:
    assert ident() == ident()


def test_another_student_tenant_provider_kind_or_mail_has_another_id() -> None:
    ids = {
        ident(),
        ident(tenant="valletta"),
        ident(student="S-2"),
        ident(provider=Provider.MICROSOFT),
        ident(which="1"),
        ident(mail="deletion"),
        ident(student="S-1\x1fgoogle"),
    }
    assert len(ids) == 7


def test_the_id_is_a_message_id_without_brackets_that_tells_nothing_of_the_student() -> None:
    assert re.fullmatch(r"welcome\.[a-z2-7]{32}@mail\.school\.example", ident(student="Maria Borg"))
