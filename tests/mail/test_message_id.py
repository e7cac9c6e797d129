import re

from consumer.events import Provider
from consumer.mail.message_id import message_id


def ident(
    tenant: str = "athens", student: str = "S-1", provider: Provider = Provider.GOOGLE, generation: int = 0
) -> str:
    return message_id(tenant, student, provider, generation, domain="mail.school.example")


def test_every_attempt_at_one_mail_has_the_same_id() -> None:
    assert ident() == ident()


def test_another_student_tenant_provider_or_password_has_another_id() -> None:
    ids = {
        ident(),
        ident(tenant="valletta"),
        ident(student="S-2"),
        ident(provider=Provider.MICROSOFT),
        ident(generation=1),
        ident(student="S-1\x1fgoogle"),
    }
    assert len(ids) == 6


def test_the_id_is_a_message_id_without_brackets_that_tells_nothing_of_the_student() -> None:
    assert re.fullmatch(r"welcome\.[a-z2-7]{32}@mail\.school\.example", ident(student="Maria Borg"))
