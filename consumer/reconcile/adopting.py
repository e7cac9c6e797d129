"""Adoption: looks at the accounts of a list, and marks those that were approved by their digest as their students'.

list ─▶ look (account, ledger, roles) ─▶ judge ─▶ digest ──approved──▶ record ─▶ mark ─▶ the ledger knows it
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from consumer.errors import GiveUp, Hold, NotYet
from consumer.ledger.adoptions import Adoption, Adoptions
from consumer.policy.marker import marker
from consumer.providers.port import Found
from consumer.reconcile.connections import Opened
from consumer.reconcile.judgement import Holder, Judged, Looked, Verdict, judge, refused
from consumer.reconcile.matches import Match
from consumer.tenants import Tenant

_PAGE = 500

Progress = Callable[[int], None]
"""Receives how many lines are done."""


@dataclass(frozen=True, slots=True)
class Adopting:
    """At one provider of one tenant."""

    tenant: Tenant
    opened: Opened
    kept: Adoptions

    async def look(self, matches: Sequence[Match], progress: Progress) -> Sequence[Judged]:
        """Changes nothing. Raises what `Asking.ask` raises."""
        looked: list[Looked] = []
        for start in range(0, len(matches), _PAGE):
            page = matches[start : start + _PAGE]
            found = await asyncio.gather(*map(self._find, page))
            looked += await asyncio.to_thread(self._known, page, found)
            progress(len(looked))
        markers = {one.student_id: self._marker(one.student_id) for one in matches}
        claims = Counter(one.found.object_id for one in looked if one.found)
        domain = self.tenant.addresses.domain

        async def with_roles(one: Looked) -> Looked:
            cause = refused(one, self.tenant.id, domain, markers[one.match.student_id], claims)
            if cause is not None or one.found is None:
                return one
            return replace(one, privileged=await self._is_privileged(one.found.object_id))

        for start in range(0, len(looked), _PAGE):
            looked[start : start + _PAGE] = await asyncio.gather(*map(with_roles, looked[start : start + _PAGE]))
        return judge(looked, tenant_id=self.tenant.id, domain=domain, markers=markers)

    async def adopt(self, chosen: Sequence[Judged], *, digest: str, progress: Progress) -> Sequence[Match]:
        """Marks them, one after the other, and has the ledger know them; returns those that the provider did not let be marked.

        What is adopted already is left as it is. May be repeated.
        """
        failed: list[Match] = []
        for number, one in enumerate(chosen, start=1):
            if one.verdict is not Verdict.ALREADY and one.found is not None:
                try:
                    await self._mark(one.match, one.found, digest=digest)
                except (Hold, GiveUp, NotYet):
                    failed.append(one.match)
            progress(number)
        return failed

    async def _mark(self, match: Match, found: Found, *, digest: str) -> None:
        mark = self._marker(match.student_id)
        adoption = Adoption(match.student_id, found.object_id, found.address, mark, digest)
        await asyncio.to_thread(self.kept.begin, adoption)
        if found.marker != mark:
            directory = self.opened.directory
            await self.opened.asking.ask(
                lambda timeout: directory.mark(found.object_id, mark, timeout=timeout), writes=True
            )
        await asyncio.to_thread(self.kept.finish, adoption)

    async def _find(self, match: Match) -> Found | None:
        directory = self.opened.directory
        find = directory.find_address if "@" in match.account else directory.read
        account = match.account.lower() if "@" in match.account else match.account
        return await self.opened.asking.ask(lambda timeout: find(account, timeout=timeout))

    async def _is_privileged(self, object_id: str) -> bool | None:
        try:
            return await self.opened.asking.ask(partial(_roles, self.opened, object_id))
        except NotYet:
            return None  # not shown any more

    def _known(self, page: Sequence[Match], found: Sequence[Found | None]) -> Sequence[Looked]:
        accounts = [one for one in found if one is not None]
        known = self.kept.known(
            students=[one.student_id for one in page],
            objects=[one.object_id for one in accounts],
            addresses=[one.address for one in accounts],
        )
        return [
            Looked(
                match,
                one,
                Holder(
                    known.accounts.get(match.student_id),
                    known.holders.get(one.object_id) if one else None,
                    known.reserved.get(one.address) if one else None,
                ),
            )
            for match, one in zip(page, found, strict=True)
        ]

    def _marker(self, student_id: str) -> str:
        return marker(self.opened.directory.provider, self.tenant.id, student_id)


async def _roles(opened: Opened, object_id: str, timeout: float) -> bool:
    return await opened.directory.is_privileged(object_id, timeout=timeout)
