"""Mailgun's API as HTTP requests and answers."""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, cast

from aiohttp import web

from sandbox.simulators.mailgun import events_page, logs_page, refusals
from sandbox.simulators.mailgun.account import Accounts, Domain, Key
from sandbox.simulators.mailgun.refusals import Refusal
from sandbox.simulators.request_handler import NOTES, Handler

MAX_REQUEST = int(52.4 * 1_024 * 1_024)
"""Bytes; the server must let that much through."""

_Answer = Callable[[Key, web.Request], Awaitable[Mapping[str, Any]]]

_PAGE = 100
_LARGEST_PAGE = 1_000


class MailgunHttp:
    """Handlers over `accounts`."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float]) -> None:
        self._accounts = accounts
        self._clock = clock

    def handlers(self) -> Mapping[tuple[str, str, str], Handler]:
        """Every route as (name, method, path), and what answers it."""
        bounces = "/v3/{domain}/bounces"
        table: Mapping[tuple[str, str, str], _Answer] = {
            ("mailgun.messages.send", "POST", "/v3/{domain}/messages"): self._send,
            ("mailgun.events.list", "GET", "/v3/{domain}/events"): self._events,
            ("mailgun.events.page", "GET", "/v3/{domain}/events/{token}"): self._events,
            ("mailgun.logs.list", "POST", "/v1/analytics/logs"): self._logs,
            ("mailgun.domains.get", "GET", "/v4/domains/{domain}"): self._get_domain,
            (
                "mailgun.domains.get",
                "GET",
                "/v3/domains/{domain}",
            ): self._get_domain,  # as Mailgun's own client writes it
            ("mailgun.bounces.list", "GET", bounces): self._list_bounces,
            ("mailgun.bounces.add", "POST", bounces): self._add_bounces,
            ("mailgun.bounces.clear", "DELETE", bounces): self._clear_bounces,
            ("mailgun.bounces.get", "GET", bounces + "/{address}"): self._get_bounce,
            ("mailgun.bounces.remove", "DELETE", bounces + "/{address}"): self._remove_bounce,
        }
        return {route: self._answering(answer) for route, answer in table.items()}

    def observers(self) -> Mapping[tuple[str, str], Handler]:
        """What lets a test or a demo look in, as (method, path)."""
        return {("GET", "/_simulator/mailbox"): self._mailbox}

    def whose(self, request: web.Request) -> Mapping[str, Any]:
        """The domain in the path, and a hash that stands for the key."""
        try:
            _, secret = _credentials(request)
        except Refusal:
            return {}
        domain = request.match_info.get("domain")
        return {"credential": sha256(secret.encode()).hexdigest(), **({"tenant": domain} if domain else {})}

    async def _mailbox(self, request: web.Request) -> web.Response:
        """Every mail that was accepted; with `?recipient=`, what one person finds in the inbox. No part of Mailgun's API."""
        recipient = request.query.get("recipient")
        mails = self._accounts.mailbox.mails if recipient is None else self._accounts.mailbox.of(recipient)
        return web.json_response({"mails": [mail.to_json() for mail in mails]})

    def _answering(self, answer: _Answer) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            try:
                body = await answer(self._accounts.key(*_credentials(request)), request)
            except Refusal as refusal:
                return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
            except web.HTTPRequestEntityTooLarge:
                return web.json_response(refusals.too_large().body, status=413)
            return web.json_response(body)

        return handler

    async def _send(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        form = [
            (name, value if isinstance(value, str) else _content(value))
            for name, value in (await request.post()).items()
        ]
        message = self._accounts.send(key, request.match_info["domain"], form)
        if NOTES in request:
            request[NOTES]["message_id"] = message.message_id
        return {"id": f"<{message.message_id}>", "message": "Queued. Thank you."}

    async def _events(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        domain = self._domain(key, request).name
        return events_page.page(
            self._accounts.journal,
            domain,
            request.query,
            now=self._clock(),
            base=f"{request.scheme}://{request.host}/v3/{domain}/events",
            token=request.match_info.get("token"),
        )

    async def _logs(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        domains = {domain.name for domain in self._accounts.domains(key)}
        return logs_page.page(self._accounts.journal, domains, await _json_object(request), now=self._clock())

    async def _get_domain(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        return {"domain": self._domain(key, request).shown(), "receiving_dns_records": [], "sending_dns_records": []}

    async def _list_bounces(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        query = request.query
        try:
            limit = min(_LARGEST_PAGE, int(query.get("limit") or _PAGE))
        except ValueError:
            raise refusals.bad_request("limit parameter is invalid") from None
        found = self._domain(key, request).bounces.page(
            after=query.get("address", ""), limit=limit, term=query.get("term", "")
        )
        here = f"{request.scheme}://{request.host}{request.path}?limit={limit}"
        last = found[-1].address if found else query.get("address", "")
        links = {"first": here, "previous": here, "last": here, "next": f"{here}&page=next&address={last}"}
        return {"items": [bounce.shown() for bounce in found], "paging": links}

    async def _add_bounces(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        if request.content_type == "application/json":
            given = await _json(request)
            records = cast("list[Mapping[str, Any]]", given if isinstance(given, list) else [given])
        else:
            records = [dict(await request.post())]
        added = self._domain(key, request).bounces.add(records)
        return {"message": f"{added} addresses have been added to the bounces table"}

    async def _clear_bounces(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        self._domain(key, request).bounces.clear()
        return {"message": "Bounced addresses for this domain have been removed"}

    async def _get_bounce(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        return self._domain(key, request).bounces.get(request.match_info["address"]).shown()

    async def _remove_bounce(self, key: Key, request: web.Request) -> Mapping[str, Any]:
        address = request.match_info["address"]
        self._domain(key, request).bounces.remove(address)
        return {"address": address, "message": "Bounced addresses for this domain have been removed"}

    def _domain(self, key: Key, request: web.Request) -> Domain:
        return self._accounts.domain(key, request.match_info["domain"])


def _credentials(request: web.Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        raise refusals.forbidden() from None
    return (user, secret) if scheme.lower() == "basic" else ("", "")


def _content(file: web.FileField | bytes | bytearray) -> bytes:
    return file.file.read() if isinstance(file, web.FileField) else bytes(file)


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise refusals.bad_request("request body is not JSON") from None


async def _json_object(request: web.Request) -> Mapping[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise refusals.bad_request("request body is not a JSON object")
    return cast("dict[str, Any]", body)
