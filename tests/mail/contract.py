"""What every `Mailer` must do, whatever stands behind it. Subclasses give the `service` fixture."""

from dataclasses import dataclass, replace
from typing import Protocol

import pytest

from consumer.errors import GiveUp, Hold, OutcomeUnknown, Scope, Throttled
from consumer.mail.port import Mail, Mailer

MAIL = Mail(
    message_id="welcome.abcdefgh@mail.school.example",
    recipient="maria@home.example",
    subject="Ο λογαριασμός σας – O'Neill & 🌻",
    text="Kd7m-Wq3x\nΓεια σας",
    html="<p>Kd7m-Wq3x &amp; Γεια σας</p>",
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as the service holds it."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str


class MailService(Protocol):
    """A mail service under the test's control. Each `will_…` holds for the next send only."""

    mailer: Mailer

    def mailbox(self) -> list[Delivered]: ...
    def now(self) -> float: ...
    def will_lose_the_response(self) -> None: ...
    def will_fail_but_send(self) -> None: ...
    def will_lose_the_request(self) -> None: ...
    def will_refuse(self) -> None: ...
    def will_throttle(self, seconds: float) -> None: ...
    def will_refuse_the_key(self) -> None: ...


class MailerContract:
    """The suite."""

    async def test_a_sent_mail_is_accepted_as_it_was_given(self, service: MailService) -> None:
        await service.mailer.send(MAIL, timeout=5)
        assert service.mailbox() == [Delivered(MAIL.message_id, MAIL.recipient, MAIL.subject, MAIL.text, MAIL.html)]

    async def test_who_gets_a_copy_gets_the_same_mail_and_it_is_one(self, service: MailService) -> None:
        since = service.now()
        await service.mailer.send(replace(MAIL, copies=("office@school.example", "it@school.example")), timeout=5)
        delivered = service.mailbox()
        assert [one.recipient for one in delivered] == [MAIL.recipient, "office@school.example", "it@school.example"]
        assert {one.message_id for one in delivered} == {MAIL.message_id}
        assert await service.mailer.was_accepted(MAIL.message_id, since=since, timeout=5)

    async def test_a_repeat_is_a_second_mail(self, service: MailService) -> None:
        await service.mailer.send(MAIL, timeout=5)
        await service.mailer.send(MAIL, timeout=5)
        assert len(service.mailbox()) == 2

    async def test_an_accepted_mail_can_be_looked_up(self, service: MailService) -> None:
        since = service.now()
        await service.mailer.send(MAIL, timeout=5)
        assert await service.mailer.was_accepted(MAIL.message_id, since=since, timeout=5)

    async def test_a_mail_that_was_never_sent_is_not_found(self, service: MailService) -> None:
        await service.mailer.send(MAIL, timeout=5)
        assert not await service.mailer.was_accepted("welcome.other@mail.school.example", since=0, timeout=5)

    @pytest.mark.parametrize("mishap", ["will_lose_the_response", "will_fail_but_send"])
    async def test_a_mail_without_a_trustworthy_answer_is_unknown_and_can_be_found(
        self, service: MailService, mishap: str
    ) -> None:
        since = service.now()
        getattr(service, mishap)()
        with pytest.raises(OutcomeUnknown):
            await service.mailer.send(MAIL, timeout=1)
        assert await service.mailer.was_accepted(MAIL.message_id, since=since, timeout=5)
        assert len(service.mailbox()) == 1

    async def test_a_lost_request_is_unknown_too(self, service: MailService) -> None:
        service.will_lose_the_request()
        with pytest.raises(OutcomeUnknown):
            await service.mailer.send(MAIL, timeout=1)
        assert service.mailbox() == []

    async def test_a_refused_mail_is_final(self, service: MailService) -> None:
        service.will_refuse()
        with pytest.raises(GiveUp):
            await service.mailer.send(MAIL, timeout=5)
        assert service.mailbox() == []

    async def test_a_throttled_mail_was_not_sent_and_says_how_long(self, service: MailService) -> None:
        service.will_throttle(120)
        with pytest.raises(Throttled) as throttled:
            await service.mailer.send(MAIL, timeout=5)
        assert throttled.value.after == pytest.approx(120, abs=3)
        assert service.mailbox() == []

    async def test_a_refused_key_holds_the_whole_tenant(self, service: MailService) -> None:
        service.will_refuse_the_key()
        with pytest.raises(Hold) as held:
            await service.mailer.send(MAIL, timeout=5)
        assert held.value.scope is Scope.TENANT

    async def test_no_fault_tells_the_recipient_or_the_password(self, service: MailService) -> None:
        service.will_refuse()
        with pytest.raises(GiveUp) as refused:
            await service.mailer.send(MAIL, timeout=5)
        assert "maria" not in str(refused.value)
        assert "Kd7m" not in str(refused.value)
