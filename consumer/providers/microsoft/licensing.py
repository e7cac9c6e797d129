"""Licences that are assigned to an account itself."""

from collections.abc import Sequence

from consumer.errors import Hold, NotYet, Reason
from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.microsoft import answers, graph_requests

_PERMITTED = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to give and take licences."
)


class Licensing:
    """In one directory. `usage_location` is for accounts that have none."""

    def __init__(self, api: Api, *, usage_location: str) -> None:
        self._api = api
        self._usage_location = usage_location

    async def assign(self, object_id: str, licences: Sequence[str], deadline: Deadline) -> None:
        """An account that has no usage location, as adopted ones may, is given the configured one."""
        try:
            await self._change(object_id, deadline, "assign_licences", add=licences)
        except answers.UsageLocationRefused as refused:
            await self._give_usage_location(object_id, deadline, refused)
            try:
                await self._change(object_id, deadline, "assign_licences", add=licences)
            except answers.UsageLocationRefused as lagging:
                raise NotYet(
                    "The new usage location is not visible at Microsoft yet.", reason=refused.reason, code=refused.code
                ) from lagging

    async def remove(self, object_id: str, licences: Sequence[str], deadline: Deadline) -> None:
        """Those of `licences` that the account has: Graph refuses the whole call for one that it lacks.

        All are asked for first, and which of them there are only after a refusal: a replica that is behind would hide some.
        """
        try:
            await self._change(object_id, deadline, "remove_licences", remove=licences)
        except Hold as refused:
            if refused.reason is not Reason.UNEXPECTED_ANSWER:
                raise
            given = await self._given(object_id, licences, deadline)
            if len(given) == len(licences):
                raise
            if given:
                await self._change(object_id, deadline, "remove_licences", remove=given)

    async def _given(self, object_id: str, licences: Sequence[str], deadline: Deadline) -> Sequence[str]:
        url = f"{graph_requests.user(self._api.base_url, object_id)}?$select=assignedLicenses"
        user = await self._api.call("read", "GET", url, deadline=deadline) or {}
        standing = graph_requests.licences_of(user) or frozenset[str]()
        return [licence for licence in licences if licence.lower() in standing]

    async def _change(
        self,
        object_id: str,
        deadline: Deadline,
        operation: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        url = f"{graph_requests.user(self._api.base_url, object_id)}/assignLicense"
        body = graph_requests.licences_body(add=add, remove=remove)
        await self._api.call(operation, "POST", url, body=body, deadline=deadline, classify=_PERMITTED)

    async def _give_usage_location(
        self, object_id: str, deadline: Deadline, refused: answers.UsageLocationRefused
    ) -> None:
        """Raises `refused` where the account has the configured location, and `Hold` for the student where it has another one."""
        url = graph_requests.user(self._api.base_url, object_id)
        user = await self._api.call("read", "GET", f"{url}?$select=usageLocation", deadline=deadline) or {}
        if user.get("usageLocation") == self._usage_location:
            raise refused
        if user.get("usageLocation"):
            raise Hold(
                "Microsoft rejected this account's usage location.", reason=refused.reason, code=refused.code
            ) from refused
        body = {"usageLocation": self._usage_location}
        await self._api.call("update", "PATCH", url, body=body, deadline=deadline)
