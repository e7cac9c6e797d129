"""How an organisational unit that an account is to be put into comes to exist, and the units above it.

look for the unit, and for those above it ──▶ create what is missing, from the top ──▶ remembered for a minute
                                                    ├── "exists" by now: another replica was faster, or a person
                                                    └── refused: only looked for until a while has passed

Many students of a new class may need it at once: the first creates it, and the others wait for that. A unit belongs to no student, and so
has no step of its own. The intent of the step that needs it names it, and a creation whose outcome is unknown changes nothing about that
step: the next who needs it finds the unit, or creates it. A unit is known by its path, so it can't be made twice.
"""

import asyncio
from collections.abc import Callable

from consumer.errors import AddressTaken, Hold, NotYet, OutcomeUnknown, Reason, RetryLater, Unavailable
from consumer.http.deadline import Deadline
from consumer.policy.rules import ROOT
from consumer.providers.api import Api
from consumer.providers.google import directory_requests
from consumer.providers.google.answers import of_new_unit, of_one_purpose

_REMEMBERED = 60.0
"""Seconds for which a unit that was there is not looked for again."""
_REFUSED = 15.0
"""Seconds for which a unit whose creation was refused is not created again: mostly replicas do not show it, or the one above it, yet."""

_READING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include reading organisational units."
)


class OrgUnits:
    """Of one institution. For one event loop; any number of students may ask at once. `clock`: the loop's own where none is given."""

    def __init__(self, api: Api, customer_id: str, clock: Callable[[], float] | None = None) -> None:
        self._api = api
        self._customer_id = customer_id
        self._clock = clock or _loop_time
        self._seen: dict[str, float] = {}
        self._refused: dict[str, float] = {}
        self._alone = asyncio.Lock()

    async def ensure(self, path: str, deadline: Deadline) -> None:
        """Returns when the unit exists; replicas of Google's may not show it at once. Idempotent.

        Raises `Hold` for all who need the unit where the administrator may not create it; `RetryLater` where nothing, or nothing more,
        was created by `deadline`, and where that is not known; never `OutcomeUnknown`.
        """
        try:
            async with asyncio.timeout(deadline.left()):
                await self._alone.acquire()
        except TimeoutError as error:
            raise RetryLater("The organisational unit is being created.", reason=Reason.ORG_UNIT_MISSING) from error
        try:
            await self._ensure(path, deadline)
        finally:
            self._alone.release()

    async def _ensure(self, path: str, deadline: Deadline) -> None:
        missing: list[str] = []
        unit = path
        while unit != ROOT and not await self._is_there(unit, deadline):
            missing.append(unit)
            unit = directory_requests.parent_of(unit)
        for unit in reversed(missing):
            await self._create(unit, deadline)

    async def _is_there(self, path: str, deadline: Deadline) -> bool:
        now = self._clock()
        if now - self._seen.get(path, float("-inf")) <= _REMEMBERED:
            return True
        url = directory_requests.org_unit(self._api.base_url, self._customer_id, path)
        try:
            unit = await self._api.call(
                "read_org_unit", "GET", url, deadline=deadline, missing_is_none=True, classify=_READING
            )
        except Hold as fault:
            if fault.reason is Reason.ORG_UNIT_MISSING:
                return False
            raise
        if unit is not None:
            self._seen[path] = now
        return unit is not None

    async def _create(self, path: str, deadline: Deadline) -> None:
        now = self._clock()
        if now - self._refused.get(path, float("-inf")) <= _REFUSED:
            raise _not_shown(None)
        url = directory_requests.new_org_unit(self._api.base_url, self._customer_id)
        body = directory_requests.org_unit_body(path)
        try:
            await self._api.call("create_org_unit", "POST", url, body=body, deadline=deadline, classify=of_new_unit)
        except AddressTaken:
            pass  # 409: it exists by now
        except OutcomeUnknown as fault:
            raise _to_be_looked_for(fault) from fault
        except NotYet:
            self._refused[path] = now
            raise
        except Hold as fault:
            if fault.reason is not Reason.ORG_UNIT_MISSING:
                raise
            if not await self._is_there(path, deadline):
                self._refused[path] = now
                raise _not_shown(fault.code) from fault
        self._seen[path] = self._clock()


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _not_shown(code: str | None) -> NotYet:
    wrong = "Google refuses the organisational unit, and does not show it (yet)."
    return NotYet(wrong, reason=Reason.ORG_UNIT_MISSING, code=code)


def _to_be_looked_for(fault: OutcomeUnknown) -> Unavailable:
    unavailable = Unavailable(
        "The organisational unit may have been created; the account was not touched.", code=fault.code
    )
    unavailable.request_id = fault.request_id
    return unavailable
