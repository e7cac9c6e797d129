"""Whether a new account bears its marker.

Some directories drop `employeeId` from a creation (a moderator's answer says so, Terraform's provider says not). So the marker is read
back, and set by PATCH where it is missing, until one account of the directory has shown that creations keep it.
"""

import asyncio
from dataclasses import dataclass

from consumer.errors import GiveUp, Hold, OutcomeUnknown, Reason, RetryLater, Throttled
from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.microsoft import answers, graph_requests
from consumer.providers.microsoft.marker_field import MarkerField

_MARKING = answers.of_one_permission(Reason.CONSENT_MISSING, "The application may not write markers on accounts.")
_RELEASING = answers.of_one_permission(Reason.CONSENT_MISSING, "The application may not remove markers from accounts.")

_PATIENCE = 10.0
"""Seconds in which replicas mostly have caught up; a student's creation is not kept waiting for longer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`marker` is what stands on the new account; None where that did not show in time, or it could not be set.

    `throttled`: Graph limited the rate meanwhile.
    """

    marker: str | None
    throttled: Throttled | None = None


class Marking:
    """One directory's habit. `pause` is the first wait for a replica that lags, in seconds; each further one is twice as long."""

    def __init__(self, api: Api, field: MarkerField, *, pause: float = 0.5) -> None:
        self._api = api
        self._field = field
        self._pause = pause
        self._kept = False

    @property
    def kept(self) -> bool:
        """Whether an account of this directory has shown that creations keep their marker."""
        return self._kept

    async def settle(self, object_id: str, marker: str, deadline: Deadline) -> Standing:
        """The state of the marker. Raises nothing: the account exists, and a caller that saw a fault would create another."""
        patience, pause, dropped = Deadline(min(_PATIENCE, deadline.left())), self._pause, False
        while dropped or not self._kept:
            try:
                if await self._stands(object_id, marker, patience):
                    self._kept = self._kept or not dropped  # a PATCH whose answer was lost is no habit of creations
                    return Standing(marker)
                dropped = True
                await self.put(object_id, marker, patience)
            except Throttled as throttled:
                return Standing(None, throttled)  # it is the whole tenant that must wait, not this creation alone
            except (RetryLater, OutcomeUnknown) as fault:
                wait = max(pause, getattr(fault, "after", None) or 0.0)
                if wait >= patience.left():
                    return Standing(None)
                await asyncio.sleep(wait)
                pause *= 2
            except (Hold, GiveUp):
                return Standing(None)
            else:
                return Standing(marker)
        return Standing(marker)

    async def put(self, object_id: str, marker: str, deadline: Deadline) -> None:
        """Writes the marker. Idempotent."""
        url = graph_requests.user(self._api.base_url, object_id)
        body = self._field.written(marker)
        await self._api.call("mark", "PATCH", url, body=body, deadline=deadline, classify=_MARKING)

    async def remove(self, object_id: str, deadline: Deadline) -> None:
        """Clears the property that holds the marker, whatever stands in it. Idempotent."""
        url = graph_requests.user(self._api.base_url, object_id)
        body = self._field.written(None)
        await self._api.call("release", "PATCH", url, body=body, deadline=deadline, classify=_RELEASING)

    async def _stands(self, object_id: str, marker: str, deadline: Deadline) -> bool:
        url = graph_requests.shown_user(self._api.base_url, object_id, self._field)
        user = await self._api.call("read", "GET", url, deadline=deadline) or {}
        return self._field.read(user) == marker
