"""Licences of single accounts, by the Enterprise License Manager API: one call for each licence, one SKU of a product for an account.

Scope: apps.licensing. `admin_subject` is a super administrator, or has the privilege License Management (the API's guide).
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from consumer.errors import Fault, Hold, Reason
from consumer.events import Provider
from consumer.http.deadline import Deadline
from consumer.providers.api import Api, Classify
from consumer.providers.google import licence_answers, licence_requests
from consumer.providers.google.scopes import is_delegation
from consumer.providers.port import LicensedPage
from consumer.tenants import product_of

AddressOf = Callable[[str, Deadline], Awaitable[str]]
"""An account's present primary address, by its object id; raises `NotYet` where the account is not shown."""


class Licensing:
    """In one customer.

    The API knows a user by its primary address alone, which people may change, and give to another user. So the address is read by the
    object id just before each call.
    """

    def __init__(self, api: Api, address_of: AddressOf) -> None:
        self._api = api
        self._address_of = address_of

    async def assign(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str], deadline: Deadline
    ) -> None:
        """Gives each of `licences`; one of `replaces` of the same product is switched, so that the account is never without."""
        user = await self._user(object_id, deadline)
        for licence in licences:
            others = [one for one in replaces if product_of(one) == product_of(licence)]
            if not await self._switched(user, others, licence, deadline):
                await self._insert(user, licence, deadline)

    async def remove(self, object_id: str, licences: Sequence[str], *, deadline: Deadline) -> None:
        """Takes each of `licences`; a 404 means that the account does not have it."""
        user = await self._user(object_id, deadline)
        for licence in licences:
            url = licence_requests.assignment(self._api.base_url, licence, user)
            with _own_consent():
                await self._api.call(
                    "remove_licence",
                    "DELETE",
                    url,
                    deadline=deadline,
                    missing_is_none=True,
                    classify=licence_answers.taking,
                )

    async def of(self, object_id: str, licences: Sequence[str], *, deadline: Deadline) -> frozenset[str]:
        """Those that the account has, in lower case."""
        user = await self._user(object_id, deadline)
        urls = {one: licence_requests.assignment(self._api.base_url, one, user) for one in licences}
        return frozenset([one.lower() for one, url in urls.items() if await self._shown("read_licence", url, deadline)])

    async def list(self, customer_id: str, licence: str, page: str | None, *, deadline: Deadline) -> LicensedPage:
        """All of the customer's users who have the licence."""
        url = licence_requests.all_assigned(self._api.base_url, licence, customer_id, page)
        answer = await self._shown("list_licensed", url, deadline) or {}
        rows = cast("list[dict[str, Any]]", answer.get("items") or [])
        return LicensedPage([str(row.get("userId", "")).lower() for row in rows], answer.get("nextPageToken"))

    async def _user(self, object_id: str, deadline: Deadline) -> str:
        """The account's primary address. It is the Directory API that refuses here, and is not to be called for a while."""
        try:
            return await self._address_of(object_id, deadline)
        except Fault as fault:
            fault.service = Provider.GOOGLE.value
            raise

    async def _shown(self, operation: str, url: str, deadline: Deadline) -> Mapping[str, Any] | None:
        """None where the licence is not assigned, or Google does not know it (any more)."""
        try:
            with _own_consent():
                return await self._api.call(operation, "GET", url, deadline=deadline, missing_is_none=True)
        except Hold as refused:
            if refused.reason is Reason.LICENCE_INVALID:
                return None
            raise

    async def _insert(self, user: str, licence: str, deadline: Deadline) -> None:
        url = licence_requests.assignments(self._api.base_url, licence)
        body = licence_requests.insert_body(user)
        await self._give("assign_licence", "POST", url, body, licence_answers.giving(licence), deadline)

    async def _switched(self, user: str, others: Sequence[str], licence: str, deadline: Deadline) -> bool:
        """Whether one of `others` became `licence`: none does that the account does not have (any more)."""
        for other in others:
            url = licence_requests.assignment(self._api.base_url, other, user)
            body = licence_requests.switch_body(licence)
            try:
                await self._give("switch_licence", "PATCH", url, body, licence_answers.giving(licence), deadline)
            except licence_answers.NotAssigned:
                continue
            return True
        return False

    async def _give(
        self, operation: str, method: str, url: str, body: Mapping[str, Any], classify: Classify, deadline: Deadline
    ) -> None:
        with _own_consent():
            await self._api.call(operation, method, url, body=body, deadline=deadline, classify=classify)


@contextmanager
def _own_consent() -> Generator[None]:
    """A token that is refused for what is delegated lacks this API's scope: its tokens have no other."""
    try:
        yield
    except Hold as refused:
        if refused.reason is Reason.CREDENTIALS_INVALID and is_delegation(refused.code):
            raise licence_answers.consent_missing(code=refused.code) from refused
        raise
