"""A vendor's API behind a bearer token: one call, its answer, and the fault that the answer means."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from consumer.errors import Fault, Hold, Reason, Unavailable
from consumer.http.answer import Answer
from consumer.http.client import Call, Http
from consumer.http.deadline import Deadline
from consumer.providers.tokens import TokenSource

_UNAUTHORISED = 401

Classify = Callable[[Answer, bool, float], Fault | None]
"""(answer, whether the call writes, Unix time) -> the fault to raise, or None for success. Pure."""


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
        missing_is_none: bool = False,
        classify: Classify | None = None,
    ) -> dict[str, Any] | None:
        """The answer's JSON object. None for 404 where `missing_is_none`. Raises the faults that the answer means.

        All of it, the token too, is over by `deadline`. A refused token is renewed once; refused again, the application itself is
        what is refused.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        for renewed in (False, True):
            token = await self._token(deadline)
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            call = Call(self._service, operation, method, url, headers, content, writes=method != "GET")
            answer = await self._http.send(call, timeout=deadline.left())
            if answer.status != _UNAUTHORISED or renewed:
                break
            self._tokens.refused(token)
        if answer.status == _UNAUTHORISED:
            raise Hold(
                f"{self._service} does not accept the application's token.",
                reason=Reason.CREDENTIALS_INVALID,
                whole_tenant=True,
            )
        if missing_is_none and answer.status == 404:  # noqa: PLR2004  not found
            return None
        if fault := (classify or self._classify)(answer, method != "GET", time.time()):
            raise fault
        return answer.json()

    async def _token(self, deadline: Deadline) -> str:
        try:
            async with asyncio.timeout(deadline.left()):
                return await self._tokens.get()
        except TimeoutError as error:
            raise Unavailable(f"{self._service} was not called: no token came in time.") from error
