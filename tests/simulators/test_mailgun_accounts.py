"""What sending does, what is refused and how, what recipients hold, and when Mailgun's records tell of it."""

from typing import Any

import pytest

from consumer.simulators.mailgun.account import Accounts, DomainState
from consumer.simulators.mailgun.events_page import page as events_page
from consumer.simulators.mailgun.logs_page import page as logs_page
from consumer.simulators.mailgun.mailbox import Fate
from consumer.simulators.mailgun.message import Form
from consumer.simulators.mailgun.quirks import MailgunQuirks
from consumer.simulators.mailgun.refusals import Refusal

DOMAIN = "mg.academy.example"
BASE = f"https://127.0.0.1/v3/{DOMAIN}/events"


class Clock:
    """Unix seconds that move only when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(clock: Clock) -> Accounts:
    return laid_out(clock)


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


def test_events_are_found_by_message_id_without_brackets_only(accounts: Accounts, clock: Clock) -> None:
    ident = send(accounts)
    assert sorted(events(accounts, clock, **{"message-id": ident})) == ["accepted", "delivered"]
    assert events(accounts, clock, **{"message-id": ident, "event": "accepted"}) == ["accepted"]
    assert events(accounts, clock, **{"message-id": f"<{ident}>"}) == []


def test_events_show_only_after_the_ingestion_delay(clock: Clock) -> None:
    accounts = laid_out(clock, MailgunQuirks(ingestion_delay=1_800))
    send(accounts)
    assert events(accounts, clock) == []
    clock.now += 1_800
    assert len(events(accounts, clock)) == 2


def test_events_are_forgotten_after_their_retention(clock: Clock) -> None:
    accounts = laid_out(clock, MailgunQuirks(retention=86_400))
    send(accounts)
    clock.now += 86_401
    assert events(accounts, clock) == []


def test_pages_of_events_are_walked_by_their_links(accounts: Accounts, clock: Clock) -> None:
    for number in range(5):
        clock.now += 1
        send(accounts, form(subject=str(number)))
    query = {"event": "accepted", "begin": "0", "ascending": "yes", "limit": "2"}
    seen = list[str]()
    answer = events_page(accounts.journal, DOMAIN, query, now=clock(), base=BASE)
    while answer["items"]:
        seen += [item["message"]["headers"]["subject"] for item in answer["items"]]
        token = answer["paging"]["next"].removeprefix(f"{BASE}/")
        answer = events_page(accounts.journal, DOMAIN, {}, now=clock(), base=BASE, token=token)
    assert seen == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({"begin": "1800000002", "ascending": "yes"}, ["2", "3"]),
        ({"begin": "1800000002", "ascending": "no"}, ["2", "1"]),
        ({"begin": "1800000001", "end": "1800000002"}, ["1", "2"]),
        ({"begin": "Fri, 15 Jan 2027 08:00:03 -0000", "ascending": "yes"}, ["3"]),
        ({}, ["3", "2", "1"]),
    ],
)
def test_a_range_goes_from_its_begin_in_the_direction_asked_for(
    accounts: Accounts, clock: Clock, query: dict[str, str], subjects: list[str]
) -> None:
    for number in (1, 2, 3):
        clock.now += 1
        send(accounts, form(subject=str(number)))
    found = events_page(accounts.journal, DOMAIN, query | {"event": "accepted"}, now=clock(), base=BASE)["items"]
    assert [item["message"]["headers"]["subject"] for item in found] == subjects


@pytest.mark.parametrize(
    "query",
    [{"begin": "0"}, {"limit": "301"}, {"begin": "yesterday", "end": "0"}, {"ascending": "up"}, {"color": "red"}],
)
def test_an_unreadable_question_is_refused(accounts: Accounts, clock: Clock, query: dict[str, str]) -> None:
    assert refusal(events_page, accounts.journal, DOMAIN, query, now=clock(), base=BASE)[0] == 400


def test_logs_are_found_by_message_id_within_their_range(accounts: Accounts, clock: Clock) -> None:
    ident = send(accounts)
    predicate = {"attribute": "message_id", "comparator": "=", "values": [{"label": ident, "value": ident}]}
    request = {"events": ["accepted"], "filter": {"AND": [predicate]}, "include_totals": True}
    assert logs_page(accounts.journal, {DOMAIN}, request, now=clock())["pagination"]["total"] == 1
    assert logs_page(accounts.journal, {"other.example"}, request, now=clock())["items"] == []
    late = request | {"start": "Fri, 15 Jan 2027 09:00:00 -0000"}
    assert logs_page(accounts.journal, {DOMAIN}, late, now=clock())["items"] == []


def test_logs_refuse_a_filter_they_do_not_know(accounts: Accounts, clock: Clock) -> None:
    request: dict[str, Any] = {"filter": {"AND": [{"attribute": "shoe", "comparator": "=", "values": []}]}}
    assert refusal(logs_page, accounts.journal, {DOMAIN}, request, now=clock())[0] == 400


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
