"""Google's APIs and the token endpoint as HTTP requests and answers."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from aiohttp import web

from sandbox.simulators.google import refusals
from sandbox.simulators.google.api import OPERATIONS, DirectoryApi
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.federation import IamRefusal
from sandbox.simulators.google.operation import Call, Operation
from sandbox.simulators.google.refusals import Refusal
from sandbox.simulators.google.tokens import Grant, TokenRefusal
from sandbox.simulators.request_handler import NOTES, Handler

_SERVICE_ACCOUNTS = "/v1/projects/-/serviceAccounts"
_SLASHED = re.compile(r"\{\+(\w+)\}")
"""A variable of a path that may have slashes in it (RFC 6570, reserved expansion)."""


async def token(api: DirectoryApi, request: web.Request) -> web.Response:
    """POST /token."""
    form = await request.post()
    try:
        given = api.tokens.exchange({name: str(value) for name, value in form.items()})
    except TokenRefusal as refusal:
        return web.json_response(refusal.body(), status=refusal.status)
    if NOTES in request:
        request[NOTES].update(_actor(api.tokens.grant(f"Bearer {given['access_token']}")))
    return web.json_response(given)


async def exchange(api: DirectoryApi, request: web.Request) -> web.Response:
    """POST /v1/token of the Security Token Service."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        return web.json_response(api.federation.exchange(form, request.headers.get("Authorization")))
    except TokenRefusal as refusal:
        return web.json_response(refusal.body(), status=refusal.status)


async def sign(api: DirectoryApi, request: web.Request) -> web.Response:
    """POST …/serviceAccounts/{account}:signJwt of the IAM Credentials API."""
    account, _, verb = request.match_info["account"].rpartition(":")
    if verb != "signJwt":
        raise web.HTTPNotFound
    try:
        signed = api.federation.sign(account, request.headers.get("Authorization"), await _body(request))
    except IamRefusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    except Refusal as refusal:
        return web.json_response(refusal.body(), status=refusal.status)
    return web.json_response(signed)


def whose(api: DirectoryApi, request: web.Request) -> Mapping[str, Any]:
    """The administrator for whom the call acts, and the service account."""
    return _actor(api.tokens.grant(request.headers.get("Authorization")))


async def operation(api: DirectoryApi, one: Operation, request: web.Request) -> web.Response:
    """Any operation of the APIs."""
    try:
        grant = api.authorise(request.headers.get("Authorization"))
        call, done = Call(request.match_info, request.query, await _body(request)), False
        try:
            reply = api.answer(one, call, grant)
            done = True
        finally:
            _note(request, api.customer_of(grant.subject), _user_key(call, done=done))
    except Refusal as refusal:
        headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if refusal.status == 401 else None  # noqa: PLR2004
        return web.json_response(refusal.body(), status=refusal.status, headers=headers)
    return (
        web.Response(status=reply.status) if reply.body is None else web.json_response(reply.body, status=reply.status)
    )


def handlers(api: DirectoryApi) -> Mapping[tuple[str, str, str], Handler]:
    """Every route as (name, method, path), and what answers it."""
    table: dict[tuple[str, str, str], Handler] = {
        ("google.token", "POST", "/token"): partial(token, api),
        ("google.sts", "POST", "/v1/token"): partial(exchange, api),
        ("google.signJwt", "POST", f"{_SERVICE_ACCOUNTS}/{{account}}"): partial(sign, api),
    }
    for one in OPERATIONS:
        table[one.name, one.method, _SLASHED.sub(r"{\1:.+}", one.path)] = partial(operation, api, one)
    return table


async def accounts(api: DirectoryApi, _request: web.Request) -> web.Response:
    """Every user of every customer, deleted ones too, for other processes. No part of Google's API."""
    shown = [
        {**user.shown(customer.customer_id), "enabled": not user.suspended, "signed_in": user.signed_in}
        for customer in api.customers
        for user in customer.users
    ]
    return web.json_response({"users": shown})


async def sign_in(api: DirectoryApi, request: web.Request) -> web.Response:
    """Tries `address` and `password` as a person would at the sign-in page; shows the id token's `sub`. No part of Google's API."""
    body = await _body(request)
    address = str(body.get("address", ""))
    customer = api.customer_of(address)
    let_in = customer is not None and customer.sign_in(address, str(body.get("password", "")))
    user = customer.holder(address) if customer is not None and let_in else None
    shown = {"sub": customer.sub(user)} if customer is not None and user is not None else {}
    return web.json_response({"signed_in": let_in, **shown})


def observers(api: DirectoryApi) -> Mapping[tuple[str, str], Handler]:
    """What lets a test or a demo look in, as (method, path)."""
    return {
        ("GET", "/_simulator/google/users"): partial(accounts, api),
        ("POST", "/_simulator/google/sign-in"): partial(sign_in, api),
    }


def _actor(grant: Grant | None) -> Mapping[str, Any]:
    return {} if grant is None else {"tenant": grant.subject, "credential": grant.service_account}


def _user_key(call: Call, *, done: bool) -> str:
    """What names the user that the call is about; a new one is there only when the call is done."""
    of_path = (call.path.get(name) for name in ("userKey", "memberKey", "userId"))
    of_body = (call.body.get(name) for name in ("id", "email", "userId"))
    key = next(filter(None, (*of_path, *of_body)), None)
    return str(key or (done and call.body.get("primaryEmail")) or "")


def _note(request: web.Request, customer: Customer | None, key: str) -> None:
    user = customer.known(key) if customer else None
    if user is not None and NOTES in request:
        request[NOTES].update(object_id=user.id, address=user.primary_email, marker=user.marker)


async def _body(request: web.Request) -> Mapping[str, Any]:
    text = await request.text()
    if not text:
        return {}
    try:
        body: object = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusals.bad_request("Parse Error")
    return cast("dict[str, Any]", body)
