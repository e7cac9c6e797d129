"""When Mailgun's records tell of a mail, and how they are asked."""

from typing import Any

import pytest

from sandbox.simulators.mailgun.account import Accounts
from sandbox.simulators.mailgun.events_page import page as events_page
from sandbox.simulators.mailgun.logs_page import page as logs_page
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.mailgun.accounts import BASE, DOMAIN, events, form, laid_out, refusal, send


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
