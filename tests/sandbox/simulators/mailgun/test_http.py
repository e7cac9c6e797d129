"""Mailgun's own client drives the simulator; every answer has the shape that Mailgun's API description gives it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import pytest
import requests
from aiohttp import ClientSession, FormData, encode_basic_auth, web
from aiohttp.test_utils import TestServer
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from sandbox.simulators.mailgun.account import Accounts, DomainState
from sandbox.simulators.mailgun.http import MAX_REQUEST, MailgunHttp
from tests.contracts.described import MAILGUN
from tests.sandbox.simulators.clock import Clock

# Its methods are declared to give Any or to be coroutines, depending on the client: taken as untyped.
client: Any = import_module("mailgun.client")
config: Any = import_module("mailgun.config")

DOMAIN = "mg.academy.example"
MAIL = {
    "from": "School <office@mg.academy.example>",
    "to": ["maria@post.example"],
    "subject": "Καλωσόρισες",
    "text": "Hello",
    "html": "<p>Hello</p>",
    "o:tracking": "no",
    "h:Message-Id": "<welcome-1@mg.academy.example>",
}


@dataclass
class Mailgun:
    """A simulator that is being served, and the client that talks to it."""

    accounts: Accounts
    url: str
    sdk: Any
    contract: OpenAPI

    async def call(self, method: Callable[..., Any], **named: Any) -> Any:
        """The answer, which must be as described for its status."""
        answer = await asyncio.to_thread(method, **named)
        self.contract.validate_response(RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(answer))
        return answer


def signed_in(key: str) -> ClientSession:
    return ClientSession(headers={"Authorization": encode_basic_auth("api", key)})


@pytest.fixture(scope="module")
def contract() -> OpenAPI:
    return OpenAPI.from_dict({name: part for name, part in MAILGUN.items() if name != "servers"})


@pytest.fixture
async def mailgun(contract: OpenAPI) -> AsyncIterator[Mailgun]:
    clock = Clock()
    accounts = Accounts(clock=clock)
    accounts.add_domain(DOMAIN)
    accounts.add_key("key-main")
    accounts.add_key("key-sending", sending_for=DOMAIN)
    app = web.Application(client_max_size=MAX_REQUEST)
    http = MailgunHttp(accounts, clock)
    for (_, method, path), handler in http.handlers().items():
        app.router.add_route(method, path, handler)
    for (method, path), handler in http.observers().items():
        app.router.add_route(method, path, handler)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        sdk = client.Client(auth=("api", "key-main"), api_url=url, retry_policy=config.RetryPolicy(max_retries=0))
        yield Mailgun(accounts, url, sdk, contract)
        sdk.close()


@pytest.mark.parametrize(
    "files", [None, [("attachment", ("plan.txt", b"Monday: swimming"))]], ids=["urlencoded", "multipart"]
)
async def test_a_mail_is_taken_and_reaches_its_recipient(mailgun: Mailgun, files: Any) -> None:
    answer = await mailgun.call(mailgun.sdk.messages.create, data=MAIL, files=files, domain=DOMAIN)
    assert answer.json() == {"id": "<welcome-1@mg.academy.example>", "message": "Queued. Thank you."}
    (mail,) = mailgun.accounts.mailbox.of("maria@post.example")
    assert (mail.subject, mail.text, mail.options["o:tracking"]) == ("Καλωσόρισες", "Hello", ["no"])


async def test_the_fields_that_are_sent_are_the_described_ones(mailgun: Mailgun) -> None:
    body = MAILGUN["components"]["schemas"]["POST-v3-domain_name-messages-multipart-form-data-RequestBody"]
    assert {name for name in MAIL if not name.startswith(("h:", "v:"))} <= body["properties"].keys()
    assert set(body["required"]) <= MAIL.keys()
    assert (await mailgun.call(mailgun.sdk.messages.create, data=MAIL, domain=DOMAIN)).status_code == 200


async def test_an_observer_reads_everybodys_mail_and_one_persons(mailgun: Mailgun) -> None:
    for recipient in ("maria@post.example", "anna@post.example"):
        await mailgun.call(mailgun.sdk.messages.create, data=MAIL | {"to": [recipient]}, domain=DOMAIN)
    async with ClientSession() as session:
        async with session.get(f"{mailgun.url}/_simulator/mailbox") as answer:
            assert len((await answer.json())["mails"]) == 2
        async with session.get(f"{mailgun.url}/_simulator/mailbox?recipient=anna@post.example") as answer:
            (mail,) = (await answer.json())["mails"]
    assert (mail["recipient"], mail["fate"], mail["text"]) == ("anna@post.example", "delivered", "Hello")


async def test_a_refused_mail_says_why(mailgun: Mailgun) -> None:
    answer = await mailgun.call(mailgun.sdk.messages.create, data=MAIL | {"to": []}, domain=DOMAIN)
    assert (answer.status_code, answer.json()) == (400, {"message": "to parameter is missing"})


async def test_an_unknown_domain_is_not_found(mailgun: Mailgun) -> None:
    answer = await asyncio.to_thread(mailgun.sdk.messages.create, data=MAIL, domain="other.example")
    assert (answer.status_code, answer.json()) == (404, {"message": "Domain not found: other.example"})


async def test_a_wrong_key_is_answered_with_a_bare_string(mailgun: Mailgun) -> None:
    wrong = client.Client(auth=("api", "key-wrong"), api_url=mailgun.url)
    answer = await mailgun.call(wrong.messages.create, data=MAIL, domain=DOMAIN)
    wrong.close()
    assert (answer.status_code, answer.json()) == (401, "Forbidden")


@pytest.mark.parametrize("auth", [None, "Bearer key-main", "Basic !"])
async def test_a_call_without_basic_authentication_is_forbidden(mailgun: Mailgun, auth: str | None) -> None:
    headers = {"Authorization": auth} if auth else {}
    url = f"{mailgun.url}/v3/{DOMAIN}/messages"
    async with ClientSession() as session, session.post(url, data=MAIL, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (401, "Forbidden")


@pytest.mark.parametrize("state", DomainState)
async def test_a_domain_shows_its_state_as_described(mailgun: Mailgun, state: DomainState) -> None:
    mailgun.accounts.domain(mailgun.accounts.key("api", "key-main"), DOMAIN).state = state
    url = f"{mailgun.url}/v4/domains/{DOMAIN}"
    answer = await mailgun.call(partial(requests.get, url), auth=("api", "key-main"))
    shown = answer.json()["domain"]
    sandbox = state is DomainState.SANDBOX
    assert shown["state"] == (DomainState.ACTIVE if sandbox else state)
    assert (shown["type"], shown["is_disabled"]) == ("sandbox" if sandbox else "custom", state is DomainState.DISABLED)


async def test_a_sending_key_may_not_look_a_domain_up(mailgun: Mailgun) -> None:
    url = f"{mailgun.url}/v4/domains/{DOMAIN}"
    async with signed_in("key-sending") as session, session.get(url) as answer:
        assert (answer.status, await answer.json()) == (401, "Forbidden")


async def test_a_sending_key_may_not_look_a_mail_up(mailgun: Mailgun) -> None:
    url = f"{mailgun.url}/v3/{DOMAIN}/events"
    async with signed_in("key-sending") as session, session.get(url) as answer:
        assert (answer.status, await answer.json()) == (401, "Forbidden")


async def test_a_request_larger_than_mailgun_takes_is_refused(mailgun: Mailgun) -> None:
    form = FormData([*((n, v) for n, v in MAIL.items() if isinstance(v, str)), ("to", "maria@post.example")])
    form.add_field("attachment", io.BytesIO(b"x" * 26_500_000), filename="film.mp4")
    url = f"{mailgun.url}/v3/{DOMAIN}/messages"
    async with signed_in("key-main") as session, session.post(url, data=form) as answer:
        assert answer.status == 413
    assert not mailgun.accounts.mailbox.mails


async def test_what_became_of_a_mail_is_found_by_its_message_id(mailgun: Mailgun) -> None:
    await mailgun.call(mailgun.sdk.messages.create, data=MAIL, domain=DOMAIN)
    wanted = {"message-id": "welcome-1@mg.academy.example", "event": "accepted", "begin": "0", "ascending": "yes"}
    answer = await mailgun.call(mailgun.sdk.events.get, domain=DOMAIN, filters=wanted)
    (item,) = answer.json()["items"]
    assert item["message"]["headers"]["message-id"] == "welcome-1@mg.academy.example"
    following = answer.json()["paging"]["next"]
    async with signed_in("key-main") as session, session.get(following) as page:
        assert (await page.json())["items"] == []


async def test_what_became_of_a_mail_is_found_in_the_logs(mailgun: Mailgun) -> None:
    await mailgun.call(mailgun.sdk.messages.create, data=MAIL, domain=DOMAIN)
    ident = "welcome-1@mg.academy.example"
    predicate = {"attribute": "message_id", "comparator": "=", "values": [{"label": ident, "value": ident}]}
    request = json.dumps({"events": ["accepted"], "filter": {"AND": [predicate]}, "pagination": {"limit": 10}})
    headers = {"Content-Type": "application/json"}
    answer = await mailgun.call(mailgun.sdk.analytics_logs.create, data=request, headers=headers)
    assert [item["event"] for item in answer.json()["items"]] == ["accepted"]


@pytest.mark.parametrize("body", ["[]", "{", '{"start": "yesterday"}', '{"pagination": {"limit": 101}}'])
async def test_a_question_to_the_logs_that_cannot_be_read_is_refused(mailgun: Mailgun, body: str) -> None:
    url = f"{mailgun.url}/v1/analytics/logs"
    async with signed_in("key-main") as session, session.post(url, data=body) as answer:
        assert answer.status == 400
        assert (await answer.json()).keys() == {"message"}


async def test_bounces_are_added_listed_and_removed(mailgun: Mailgun) -> None:
    bounces = mailgun.sdk.bounces
    added = await asyncio.to_thread(bounces.create, data={"address": "gone@post.example", "code": "550"}, domain=DOMAIN)
    assert added.json() == {"message": "1 addresses have been added to the bounces table"}
    listed = await asyncio.to_thread(bounces.get, domain=DOMAIN)
    assert [item["address"] for item in listed.json()["items"]] == ["gone@post.example"]
    one = await asyncio.to_thread(bounces.get, domain=DOMAIN, bounce_address="gone@post.example")
    assert one.json()["code"] == "550"
    await mailgun.call(bounces.delete, domain=DOMAIN, bounce_address="gone@post.example")
    again = await mailgun.call(bounces.get, domain=DOMAIN, bounce_address="gone@post.example")
    assert (again.status_code, again.json()) == (404, {"message": "Address not found in bounces table"})
