"""A vendor's API behind a bearer token: one call, its answer, and the fault that the answer means."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol, cast
from urllib.parse import unquote

from consumer.errors import Fault, NotYet, Unavailable
from consumer.http.answer import Answer
from consumer.http.client import Call, Http
from consumer.http.deadline import Deadline
from consumer.providers.tokens import TokenSource


class Classify(Protocol):
    """What a vendor's answers mean. Pure: `now` is Unix time, `writes` whether the call may have changed anything."""

    def __call__(self, answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        """The fault to raise; None for success. Its code repeats no word of `asked`, the texts that the request held."""
        ...


class Api:
    """One institution's access to one vendor. `classify` is what the vendor's answers mean where a call says nothing else."""

    def __init__(self, service: str, base_url: str, *, http: Http, tokens: TokenSource, classify: Classify) -> None:
        self.base_url = base_url
        self._service = service
        self._http = http
        self._tokens = tokens
        self._classify = classify

    async def call(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_is_none: bool = False,
        classify: Classify | None = None,
    ) -> dict[str, Any] | None:
        """The answer's JSON object; with `missing_is_none`, None where the vendor itself says 404. Raises the faults that it means.

        All of it, the token too, is over by `deadline`. A refused token is renewed once: what the answer to the new one means, `classify`
        says. `headers` are added to those of every call.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        writes = method != "GET"
        for renewed in (False, True):
            token = await self._token(deadline)
            sent = {**(headers or {}), "Authorization": f"Bearer {token}", "Accept": "application/json"}
            if content is not None:
                sent["Content-Type"] = "application/json"
            call = Call(self._service, operation, method, url, sent, content, writes=writes)
            answer = await self._http.send(call, timeout=deadline.left())
            if answer.status != HTTPStatus.UNAUTHORIZED or renewed:
                break
            self._tokens.refused(token)
        asked = (
            (unquote(url.removeprefix(self.base_url)), *_texts(body)) if answer.status >= HTTPStatus.BAD_REQUEST else ()
        )
        fault = (classify or self._classify)(answer, writes=writes, now=time.time(), asked=asked)
        if missing_is_none and answer.status == HTTPStatus.NOT_FOUND and isinstance(fault, NotYet):
            return None
        if fault:
            fault.request_id = answer.request_id
            raise fault
        return answer.json()

    async def _token(self, deadline: Deadline) -> str:
        try:
            async with asyncio.timeout(deadline.left()):
                return await self._tokens.get()
        except TimeoutError as error:
            raise Unavailable(f"{self._service} was not called: obtaining a token timed out.") from error


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  JSON
    """Every text in a body, however deep. The names of its fields are the vendor's own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in cast("Mapping[str, Any]", value).values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in cast("Sequence[Any]", value):
            yield from _texts(inner)
