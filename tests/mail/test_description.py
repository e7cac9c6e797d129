"""Every request to Mailgun is one that its API description knows, with the words that it knows."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from consumer.http.client import Call
from consumer.mail.mailgun import MailgunMailer
from consumer.settings import SecretRef
from consumer.tenants import MailgunSection
from proof.simulation.clock import Clock, run
from testbed.fakes.http import ScriptedHttp, json_answer
from tests.contracts.described import MAILGUN, described
from tests.contracts.requests import to_mailgun
from tests.contracts.tally import REQUESTS
from tests.mail.contract import MAIL
from tests.mail.forms import read_form

SECTION = MailgunSection(domain="mail.school.example", sender="a@mail.school.example", api_key=SecretRef("env:KEY"))


@pytest.fixture(scope="module")
def calls() -> Sequence[Call]:
    http = ScriptedHttp(json_answer(id="<1@mail.school.example>"), json_answer(items=[]))

    async def play(_: Clock) -> None:
        mailer = MailgunMailer(SECTION, http=http, api_key="key", lookup_key="key")
        await mailer.send(MAIL, timeout=5)
        await mailer.was_accepted(MAIL.message_id, since=0, timeout=5)

    run(play, start=0)
    return http.calls


def operation(call: Call) -> Mapping[str, Any]:
    return MAILGUN["paths"][described(urlsplit(call.url).path, MAILGUN["paths"])][call.method.lower()]


def form(call: Call) -> dict[str, str]:
    return read_form(call.headers["Content-Type"], call.content or b"")


def fields(call: Call) -> Mapping[str, Any]:
    return operation(call)["requestBody"]["content"]["multipart/form-data"]["schema"]


@pytest.mark.contract(REQUESTS)
def test_every_request_is_described(calls: Sequence[Call]) -> None:
    for call in calls:
        sent = urlsplit(call.url)
        body = urlencode(form(call)) if call.content else ""
        assert not list(to_mailgun(call.method, f"{sent.path}?{sent.query}", body))


def test_a_mail_holds_what_mailgun_demands_and_one_text_at_least(calls: Sequence[Call]) -> None:
    send = calls[0]
    schema = MAILGUN["components"]["schemas"][fields(send)["$ref"].rpartition("/")[2]]
    assert set(schema["required"]) <= form(send).keys()
    assert {"text", "html"} <= form(send).keys()
