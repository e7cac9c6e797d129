"""`$batch`: up to twenty requests in one, each answered and counted by itself.

Source: Microsoft's page "Combine multiple HTTP requests using JSON batching". An item is answered in memory, by the handler of its route;
the audit log has the batch as one request.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web
from yarl import URL

from consumer.http.client import Call
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.pages import json_body
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.in_memory import Request, Routes
from sandbox.simulators.request_handler import Handler

MOST = 20
"""Requests in one batch."""
_INHERITED = ("Authorization", "ConsistencyLevel")

_Item = Mapping[str, Any]
_Answer = Mapping[str, Any]


class Batch:
    """Items are answered in their order, each after those it depends on; the answers come the other way round, as any order may."""

    def __init__(self, api: GraphApi, routes: Mapping[tuple[str, str, str], Handler]) -> None:
        self._api = api
        self._routes = Routes(routes)

    async def answer(self, request: web.Request) -> web.Response:
        """`POST /$batch`."""
        try:
            self._api.authorise(request.headers.get("Authorization"))
            items = _items(await json_body(request))
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
        answers: dict[str, _Answer] = {}
        for item in items:
            answers[str(item["id"])] = await self._answered(request, item, answers)
        throttled = any(one["status"] == HTTPStatus.TOO_MANY_REQUESTS for one in answers.values())
        status = self._api.quirks.throttled_batch_status if throttled else HTTPStatus.OK
        return web.json_response({"responses": [*reversed(answers.values())]}, status=status)

    async def _answered(self, request: web.Request, item: _Item, answers: Mapping[str, _Answer]) -> _Answer:
        needed = [answers.get(str(ident)) for ident in item.get("dependsOn", ())]
        if any(one is None or one["status"] >= HTTPStatus.BAD_REQUEST for one in needed):
            return _shown(item, _failed_dependency())
        url = request.url.join(URL(f"/v1.0/{str(item['url']).removeprefix('/')}", encoded=True))
        try:
            _, handler, variables = self._routes.find(str(item["method"]).upper(), url.raw_path)
        except LookupError:
            return _shown(item, _no_such_path())
        inherited = {name: request.headers[name] for name in _INHERITED if name in request.headers}
        headers = {**inherited, **item.get("headers", {})}
        content = json.dumps(item["body"]).encode() if "body" in item else None
        call = Call("graph", "batch", str(item["method"]).upper(), str(url), headers, content, writes=True)
        response = await handler(Request(call, url, variables, waits=lambda: True))
        return _shown(item, cast("web.Response", response))


def _items(body: Mapping[str, Any]) -> Sequence[_Item]:
    """Raises `Refusal` where the batch is refused as a whole."""
    items = cast("list[Any]", body.get("requests")) if isinstance(body.get("requests"), list) else []
    whole = [cast("_Item", one) for one in items if isinstance(one, dict) and {"id", "method", "url"} <= one.keys()]  # pyright: ignore[reportUnknownMemberType]  JSON
    if not items or len(whole) < len(items):
        raise Refusal(400, "BadRequest", "Invalid batch payload format.")
    if len(items) > MOST:
        raise Refusal(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {MOST}.")
    if any("body" in one and "content-type" not in map(str.lower, one.get("headers", {})) for one in whole):
        raise Refusal(400, "BadRequest", "Write request id has a body without a Content-Type header.")
    return whole


def _failed_dependency() -> web.Response:
    error = {"code": "FailedDependency", "message": "A request on which this one depends has failed."}
    return web.json_response({"error": error}, status=HTTPStatus.FAILED_DEPENDENCY)


def _no_such_path() -> web.Response:
    return web.json_response({"error": {"code": "BadRequest", "message": "Resource not found."}}, status=400)


def _shown(item: _Item, response: web.Response) -> _Answer:
    body = response.body
    content = {"body": json.loads(cast("bytes", body))} if body else {}
    return {"id": item["id"], "status": response.status, "headers": dict(response.headers), **content}
