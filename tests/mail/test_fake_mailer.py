import pytest

from testbed.fakes.mailer import (
    FakeMailer,
    bad_key,
    error_but_sent,
    lost_request,
    lost_response,
    refused,
    throttled,
)
from tests.mail.contract import MAIL, Delivered, MailerContract


class InMemory:
    """The fake, as the contract wants to handle it."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.mailer = FakeMailer(clock=self.now)

    def now(self) -> float:
        return self.time

    def mailbox(self) -> list[Delivered]:
        mails = [accepted.mail for accepted in self.mailer.mailbox]
        return [
            Delivered(m.message_id, reader, m.subject, m.text, m.html)
            for m in mails
            for reader in (m.recipient, *m.copies)
        ]

    def will_lose_the_response(self) -> None:
        self.mailer.next_sends(lost_response())

    def will_fail_but_send(self) -> None:
        self.mailer.next_sends(error_but_sent())

    def will_lose_the_request(self) -> None:
        self.mailer.next_sends(lost_request())

    def will_refuse(self) -> None:
        self.mailer.next_sends(refused())

    def will_throttle(self, seconds: float) -> None:
        self.mailer.next_sends(throttled(seconds))

    def will_refuse_the_key(self) -> None:
        self.mailer.next_sends(bad_key())


@pytest.fixture
def service() -> InMemory:
    return InMemory()


class TestFakeMailer(MailerContract):
    """The fake keeps the port."""

    async def test_an_accepted_mail_is_found_only_after_the_index_lag(self, service: InMemory) -> None:
        service.mailer.index_lag = 60
        await service.mailer.send(MAIL, timeout=5)
        assert not await service.mailer.was_accepted(MAIL.message_id, since=0, timeout=5)
        service.time += 60
        assert await service.mailer.was_accepted(MAIL.message_id, since=0, timeout=5)

    async def test_mishaps_come_in_order_and_then_all_is_well(self, service: InMemory) -> None:
        service.mailer.next_sends(None, refused())
        await service.mailer.send(MAIL, timeout=5)
        with pytest.raises(Exception, match="refuses"):
            await service.mailer.send(MAIL, timeout=5)
        await service.mailer.send(MAIL, timeout=5)
        assert len(service.mailbox()) == 2
        assert len(service.mailer.attempts) == 3
