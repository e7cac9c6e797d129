"""What sending does, what is refused and how, and what recipients hold."""

from typing import Any

import pytest

from sandbox.simulators.mailgun.account import Accounts, DomainState
from sandbox.simulators.mailgun.events_page import page as events_page
from sandbox.simulators.mailgun.mailbox import Fate
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.mailgun.refusals import Refusal
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.mailgun.accounts import BASE, DOMAIN, form, laid_out, refusal, send


def test_our_own_message_id_is_honoured(accounts: Accounts) -> None:
    assert send(accounts) == "welcome-1@mg.academy.example"


@pytest.mark.parametrize("given", ["welcome-1@mg.academy.example", "<welcome-1>", None])
def test_a_message_id_without_brackets_or_at_sign_is_replaced(accounts: Accounts, given: str | None) -> None:
    assert send(accounts, form(**{"h:Message-Id": given})).endswith("@mg.academy.example")
    assert accounts.mailbox.mails[0].message_id != "welcome-1@mg.academy.example"


def test_the_same_mail_twice_is_two_mails(accounts: Accounts) -> None:
    assert send(accounts) == send(accounts)
    assert len(accounts.mailbox.of("Maria@post.example")) == 2


def test_each_recipient_has_the_mail(accounts: Accounts) -> None:
    send(accounts, [*form(), ("to", "Anna <anna@post.example>"), ("cc", "guardian@post.example")])
    assert [len(accounts.mailbox.of(f"{who}@post.example")) for who in ("maria", "anna", "guardian")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"from": None}, "from parameter is missing"),
        ({"to": None}, "to parameter is missing"),
        ({"to": "maria"}, "to parameter is not a valid address. please check documentation"),
        (
            {"to": "maria@post.example\r\nBcc: x@y.example"},
            "to parameter is not a valid address. please check documentation",
        ),
        (
            {"text": None},
            "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified",
        ),
        ({"html": "<p>", "template": "t"}, "Only one parameters 'html' or 'template' is allowed."),
        (
            {"v:all": "x" * 16_400},
            "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total",
        ),
        ({"o:tracking": "perhaps"}, "o:tracking parameter is invalid. please check documentation"),
        ({"to": ", ".join(f"s{n}@post.example" for n in range(1_001))}, "Too many recipients, max is 1000"),
    ],
)
def test_a_form_that_mailgun_never_takes_is_refused(
    accounts: Accounts, change: dict[str, str | None], message: str
) -> None:
    assert refusal(send, accounts, form(**change)) == (400, {"message": message})
    assert not accounts.mailbox.mails


def test_more_than_25_megabytes_are_refused(accounts: Accounts) -> None:
    assert refusal(send, accounts, [*form(), ("attachment", b"x" * 26_300_000)])[0] == 413


@pytest.mark.parametrize("state", [DomainState.UNVERIFIED, DomainState.DISABLED])
def test_a_domain_that_may_not_send_says_so(accounts: Accounts, state: DomainState) -> None:
    accounts.domain(accounts.key("api", "key-main"), DOMAIN).state = state
    status, body = refusal(send, accounts)
    assert (status, f"Domain {DOMAIN} is not allowed to send: " in body["message"]) == (400, True)


def test_a_sandbox_domain_sends_to_authorised_recipients_only(accounts: Accounts) -> None:
    domain = accounts.domain(accounts.key("api", "key-main"), DOMAIN)
    domain.state = DomainState.SANDBOX
    status, body = refusal(send, accounts)
    assert (status, "Sandbox subdomains are for test purposes only" in body["message"]) == (403, True)
    domain.authorised.add("maria@post.example")
    send(accounts)
    assert len(accounts.mailbox.mails) == 1


@pytest.mark.parametrize(("user", "secret"), [("api", "key-wrong"), ("root", "key-main")])
def test_a_wrong_key_is_answered_with_a_bare_string(accounts: Accounts, user: str, secret: str) -> None:
    assert refusal(accounts.key, user, secret) == (401, "Forbidden")


def test_another_accounts_domain_is_not_found(accounts: Accounts) -> None:
    assert refusal(send, accounts, key="key-other") == (404, {"message": f"Domain not found: {DOMAIN}"})


def test_a_sending_key_sends_from_its_domain_and_does_nothing_else(accounts: Accounts) -> None:
    accounts.add_domain("second.example")
    key = accounts.key("api", "key-sending")
    assert send(accounts, key="key-sending")
    assert refusal(send, accounts, key="key-sending", domain="second.example")[0] == 401
    assert refusal(accounts.domain, key, DOMAIN)[0] == 401
    assert refusal(accounts.domains, key)[0] == 401


def test_a_suppressed_recipient_is_accepted_and_gets_nothing(accounts: Accounts, clock: Clock) -> None:
    accounts.domain(accounts.key("api", "key-main"), DOMAIN).bounces.add([{"address": "Maria@post.example"}])
    send(accounts)
    assert [mail.fate for mail in accounts.mailbox.mails] == [Fate.SUPPRESSED]
    assert not accounts.mailbox.of("maria@post.example")
    found = events_page(accounts.journal, DOMAIN, {"event": "failed"}, now=clock(), base=BASE)["items"]
    assert [(item["severity"], item["reason"]) for item in found] == [("permanent", "suppress-bounce")]


def test_test_mode_is_accepted_and_never_leaves(accounts: Accounts) -> None:
    send(accounts, form(**{"o:testmode": "yes"}))
    assert [mail.fate for mail in accounts.mailbox.mails] == [Fate.TEST_MODE]


def test_a_bounce_is_kept_shown_and_forgotten(accounts: Accounts) -> None:
    bounces = accounts.domain(accounts.key("api", "key-main"), DOMAIN).bounces
    bounces.add([{"address": "a@post.example", "code": "552"}, {"address": "b@post.example"}])
    assert bounces.get("A@post.example").shown()["created_at"] == "Fri, 15 Jan 2027 08:00:00 UTC"
    assert [b.address for b in bounces.page(after="a@post.example", limit=10, term="")] == ["b@post.example"]
    bounces.remove("a@post.example")
    assert refusal(bounces.get, "a@post.example") == (404, {"message": "Address not found in bounces table"})


def test_a_mail_tells_nothing_of_the_person_when_it_is_printed(accounts: Accounts) -> None:
    send(accounts)
    assert "maria@post.example" not in repr(accounts.mailbox.mails[0])


@pytest.mark.parametrize(
    ("header", "headers"),
    [
        ("none", {}),
        ("retry-after", {"Retry-After": "120"}),
        ("x-ratelimit-reset", {"X-RateLimit-Reset": "1800000120.000"}),
    ],
)
def test_too_many_calls_are_throttled_in_each_of_the_known_ways(
    clock: Clock, header: Any, headers: dict[str, str]
) -> None:
    accounts = laid_out(clock, MailgunQuirks(requests_per_second=1, rate_header=header))
    send(accounts)
    with pytest.raises(Refusal) as refused:
        send(accounts)
    assert (refused.value.status, refused.value.headers) == (429, headers)
    assert refused.value.message == (
        f"Domain {DOMAIN} is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds"
    )
    clock.now += 1
    send(accounts)
    assert len(accounts.mailbox.mails) == 2
