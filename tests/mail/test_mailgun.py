"""Mailgun keeps the mailer's contract, through TLS, against the simulated service; and what must never be in a request is not."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from consumer.errors import GiveUp, Hold, Reason, Scope
from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.mail.mailgun import open_mailer
from consumer.mail.port import Mail, Mailer
from consumer.secrets import opener
from sandbox.simulators.faults import Answer, FaultRule, InjectedFault, LoseAnswer, Refuse
from sandbox.simulators.mailgun.account import DomainState
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from tests.mail.contract import MAIL, Delivered, MailerContract


@dataclass
class Simulated:
    """The simulated Mailgun, as the contract wants to handle it."""

    mailer: Mailer
    named: Mailer
    """The same, with a sender whose name holds a comma."""
    world: World
    vendors: VendorServer

    def mailbox(self) -> list[Delivered]:
        mails = self.world.mail.mailbox.mails
        return [Delivered(m.message_id, m.recipient, m.subject, m.text or "", m.html or "") for m in mails]

    def now(self) -> float:
        return time.time()

    def will_lose_the_response(self) -> None:
        self._next(LoseAnswer())

    def will_fail_but_send(self) -> None:
        self._next(Answer(status=500, body='{"message": "Internal Server Error"}', done=True))

    def will_lose_the_request(self) -> None:
        self._next(Refuse())

    def will_refuse(self) -> None:
        self._next(
            Answer(status=400, body='{"message": "to parameter is not a valid address. please check documentation"}')
        )

    def will_throttle(self, seconds: float) -> None:
        words = f"account-requests-per-sec limit exceeded, try again after {seconds:.0f} seconds"
        body = json.dumps({"message": f"Domain x is not allowed to send: {words}"})
        self._next(Answer(status=429, body=body))

    def will_refuse_the_key(self) -> None:
        self._next(Answer(status=401, body="Forbidden"))

    def _next(self, fault: InjectedFault) -> None:
        self.vendors.faults.set([FaultRule(route="mailgun.messages.send", fault=fault, first=1)])


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Simulated]:
    world = World([Institution("school", "School", (Provider.MICROSOFT,))], tmp_path, clock=time.time, seed=1)
    async with world.server() as vendors, HttpClient(ca_file=world.authority.ca_file) as http:
        mailgun = world.tenants(vendors)[0].mailgun
        assert mailgun is not None
        named = mailgun.model_copy(update={"sender": "North High, Registrar <accounts@mail.school.example>"})
        plain, with_comma = (
            open_mailer(section, http=lambda _: http, open_secret=opener({})) for section in (mailgun, named)
        )
        yield Simulated(plain, with_comma, world, vendors)


class TestMailgun(MailerContract):
    """The contract."""


async def test_nothing_is_tracked_and_tls_is_demanded_all_the_way(service: Simulated) -> None:
    await service.mailer.send(MAIL, timeout=5)
    options = service.world.mail.mailbox.mails[0].options
    assert options["o:tracking"] == options["o:tracking-clicks"] == options["o:tracking-opens"] == ["no"]
    assert (options["o:require-tls"], options["o:skip-verification"]) == (["yes"], ["no"])
    assert options["h:Auto-Submitted"] == ["auto-generated"]


async def test_the_password_stands_in_the_body_alone(service: Simulated) -> None:
    await service.mailer.send(MAIL, timeout=5)
    mail = service.world.mail.mailbox.mails[0]
    assert not any(name.startswith(("v:", "o:tag")) for name in mail.options)
    assert "Kd7m" not in mail.subject


async def test_a_sender_whose_name_holds_a_comma_is_one_sender(service: Simulated) -> None:
    await service.named.send(MAIL, timeout=5)
    assert service.world.mail.mailbox.mails[0].sender == '"North High, Registrar" <accounts@mail.school.example>'


async def test_a_sandbox_domain_holds_the_institution(service: Simulated) -> None:
    service.world.mail.add_domain("mail.school.example").state = DomainState.SANDBOX
    with pytest.raises(Hold) as held:
        await service.mailer.send(MAIL, timeout=5)
    assert (held.value.scope, held.value.reason) == (Scope.TENANT, Reason.MAIL_REFUSED)


@pytest.mark.parametrize(
    "recipient", ["a@x.example, b@x.example", "a@x.example\r\nBcc: b@x.example", "<a@x.example>", "a"]
)
async def test_a_recipient_that_is_not_one_plain_address_is_never_sent_to(service: Simulated, recipient: str) -> None:
    with pytest.raises(GiveUp):
        await service.mailer.send(Mail("m@x", recipient, "s", "t", "h"), timeout=5)
    assert service.vendors.audit.entries() == []
