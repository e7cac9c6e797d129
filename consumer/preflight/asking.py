"""Asking a vendor: one request, and its answer whatever the status."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.errors import Fault
from consumer.http.answer import Answer
from consumer.http.client import Call, Http
from consumer.http.deadline import Deadline
from consumer.preflight.judgement.answers import UNREACHED


@dataclass(frozen=True, slots=True)
class Asker:
    """One institution's way to one vendor, until `deadline`. Nothing that it sends changes anything at the vendor."""

    service: str
    http: Http
    deadline: Deadline

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer; one with the status `UNREACHED` where none came. Raises nothing."""
        return await self._send(Call(self.service, "check", "GET", url, headers or {}))

    async def post_nothing(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The answer to an empty form, which the vendor refuses: that it names the missing fields shows that the caller may post."""
        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._send(Call(self.service, "check", "POST", url, form, b""))

    async def _send(self, call: Call) -> Answer:
        try:
            return await self.http.send(call, timeout=self.deadline.left())
        except Fault as fault:
            return Answer(UNREACHED, {}, str(fault).encode())


def bearer(token: str) -> Mapping[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
