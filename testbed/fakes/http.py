"""A vendor without a network: it returns scripted responses and records the requests."""

import json
from collections import deque
from typing import Any

from consumer.errors import Fault
from consumer.http.answer import Answer
from consumer.http.client import Call


def json_answer(status: int = 200, **body: Any) -> Answer:
    """An answer with a JSON object."""
    return Answer(status, {}, json.dumps(body).encode())


class ScriptedHttp:
    """Keeps `Http`: gives the answers, and raises the faults, in their order. `timeouts` are what each call was given."""

    def __init__(self, *script: Answer | Fault) -> None:
        self.calls: list[Call] = []
        self.timeouts: list[float] = []
        self._script = deque(script)

    async def send(self, call: Call, *, timeout: float) -> Answer:
        """In the script's order."""
        self.calls.append(call)
        self.timeouts.append(timeout)
        step = self._script.popleft()
        if isinstance(step, Fault):
            raise step
        return step

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and URL of each call."""
        return [(call.method, call.url) for call in self.calls]
