"""Lists a directory into the ledger, page by page: each page is committed with the place of the next, and a later run continues there.

accounts ─▶ deleted ones ─▶ members of each group, and of each unit (Microsoft), that students were given ─▶ owners of each licence (Google)
         ─▶ listed
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from consumer.events import Provider
from consumer.ledger.port.reconciliation import Listed, Place, Stage, address_digest
from consumer.ledger.reconciliation import Reconciliation
from consumer.providers.port import Directory, Found, PageExpired
from consumer.reconcile.asking import Asking

Progress = Callable[[str, int], None]
"""Receives what is being done, and how many there are of it so far."""

_MEMBERS = {Stage.MEMBERS, Stage.UNIT_MEMBERS}
_MOST_EXPIRED = 3
"""Times that a provider may forget a page: a list that cannot be read to its end is not begun for ever."""


@dataclass(frozen=True, slots=True)
class DirectoryListing:
    """Of one tenant's directory. `ours` raises where another process has taken over.

    `licences` asks what is asked about licences, where `asking` asks everything else.
    """

    directory: Directory
    asking: Asking
    licences: Asking
    kept: Reconciliation
    ours: Callable[[], None]
    progress: Progress

    async def list(self, digest: bytes) -> None:
        """Returns when everything is listed. Raises what `Asking.ask` raises."""
        listing = await asyncio.to_thread(self.kept.begin, digest)
        place, pages, expired = listing.place, 0, 0
        while place.stage is not Stage.LISTED:
            self.progress(f"{place.stage}, page", pages := pages + 1)
            await asyncio.to_thread(self.ours)
            try:
                place = await self._page(place)
            except PageExpired:
                expired += 1
                if expired == _MOST_EXPIRED:
                    raise
                place = (await asyncio.to_thread(self.kept.begin_anew, digest)).place

    async def _page(self, place: Place) -> Place:
        if place.stage in _MEMBERS:
            return await self._members(place)
        if place.stage is Stage.LICENSED:
            return await self._licensed(place)
        deleted = place.stage is Stage.DELETED
        page = await self.asking.ask(
            lambda timeout: self.directory.list_accounts(place.page, deleted=deleted, timeout=timeout)
        )
        after = Place(Stage.MEMBERS if deleted else Stage.DELETED)
        then = after if page.following is None else Place(place.stage, page=page.following)
        accounts = [listed(one) for one in page.accounts]
        await asyncio.to_thread(self.kept.add_accounts, accounts, then)
        return then

    async def _members(self, place: Place) -> Place:
        """Groups, and then units, go by their names, so that the next one is known after a restart."""
        of_units = place.stage is Stage.UNIT_MEMBERS
        groups = await asyncio.to_thread(self.kept.admin_units if of_units else self.kept.groups)
        after = Place(Stage.LICENSED if of_units else Stage.UNIT_MEMBERS)
        if place.group is None:
            then = Place(place.stage, groups[0]) if groups else after
            await asyncio.to_thread(self.kept.continue_at, then)
            return then
        group, directory = place.group, self.directory
        members = directory.list_admin_unit_members if of_units else directory.list_members
        page = await self.asking.ask(lambda timeout: members(group, place.page, timeout=timeout))
        then = _following(place, groups, page.following, after=after)
        await asyncio.to_thread(partial(self.kept.add_members, group, page.object_ids, then))
        return then

    async def _licensed(self, place: Place) -> Place:
        """Microsoft's accounts were listed with their licences."""
        at_google = self.directory.provider is Provider.GOOGLE
        licences = await asyncio.to_thread(self.kept.licences) if at_google else ()
        if place.group is None:
            if not licences:
                return Place(Stage.LISTED)
            then = Place(Stage.LICENSED, licences[0])
            await asyncio.to_thread(self.kept.begin_licences, then)
            return then
        licence = place.group
        page = await self.licences.ask(
            lambda timeout: self.directory.list_licensed(licence, place.page, timeout=timeout)
        )
        then = _following(place, licences, page.following, after=Place(Stage.LISTED))
        addresses = [address_digest(address) for address in page.addresses]
        await asyncio.to_thread(partial(self.kept.add_licensed, licence, addresses, then))
        return then


def _following(place: Place, names: Sequence[str], page: str | None, *, after: Place) -> Place:
    """The same group or licence's next page; else the next of `names`, which are sorted; else what comes after the last."""
    if page is not None:
        return Place(place.stage, place.group, page)
    following = next((one for one in names if place.group is not None and one > place.group), None)
    return after if following is None else Place(place.stage, following)


def listed(found: Found) -> Listed:
    """Without its groups, which are listed by group."""
    return Listed(
        found.object_id,
        found.marker,
        address_digest(found.address),
        found.deleted,
        found.enabled,
        found.synchronised,
        found.licences,
        org_unit=found.org_unit,
    )
