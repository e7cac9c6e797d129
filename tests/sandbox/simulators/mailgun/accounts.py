"""An account to send from, and the words in which it refuses."""

from typing import Any

import pytest

from sandbox.simulators.mailgun.account import Accounts
from sandbox.simulators.mailgun.events_page import page as events_page
from sandbox.simulators.mailgun.message import Form
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.mailgun.refusals import Refusal
from tests.sandbox.simulators.clock import Clock

DOMAIN = "mg.academy.example"
BASE = f"https://127.0.0.1/v3/{DOMAIN}/events"


def laid_out(clock: Clock, quirks: MailgunQuirks | None = None) -> Accounts:
    accounts = Accounts(clock=clock, quirks=quirks)
    accounts.add_domain(DOMAIN)
    accounts.add_key("key-main")
    accounts.add_key("key-sending", sending_for=DOMAIN)
    accounts.add_key("key-other", account="other")
    return accounts


def form(**change: str | None) -> Form:
    fields: dict[str, str | None] = {
        "from": "School <office@mg.academy.example>",
        "to": "maria@post.example",
        "subject": "Welcome",
        "text": "Hello",
        "h:Message-Id": "<welcome-1@mg.academy.example>",
    }
    return [(name, value) for name, value in (fields | change).items() if value is not None]


def send(accounts: Accounts, given: Form | None = None, *, key: str = "key-main", domain: str = DOMAIN) -> str:
    return accounts.send(accounts.key("api", key), domain, form() if given is None else given).message_id


def refusal(action: Any, *args: Any, **named: Any) -> tuple[int, Any]:
    with pytest.raises(Refusal) as refused:
        action(*args, **named)
    return refused.value.status, refused.value.body


def events(accounts: Accounts, clock: Clock, **query: str) -> list[str]:
    found = events_page(accounts.journal, DOMAIN, query, now=clock(), base=BASE)
    return [item["event"] for item in found["items"]]
