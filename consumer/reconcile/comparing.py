"""Compares what was listed of a directory with the ledger, some students at a time, whatever there are.

A list that takes minutes shows no one moment, and pages may miss what changes meanwhile. So what differs by the list is read again, one
account after the other; what still differs then, of a student who has not been worked since, is a finding.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from consumer.errors import NotYet
from consumer.ledger.port.reconciliation import Expected, Listed
from consumer.ledger.reconciliation import Reconciliation
from consumer.policy.marker import is_marker
from consumer.providers.port import Directory, Found
from consumer.reconcile.asking import Asking
from consumer.reconcile.difference import differences
from consumer.reconcile.finding import Finding, Kind
from consumer.reconcile.listing import Progress, listed

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Compared:
    """The findings about some students. `expected`: by student, what the ledger has of those that were found to differ."""

    findings: Sequence[Finding]
    expected: Mapping[str, Expected] = field(default_factory=dict[str, Expected])
    accounts: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one tenant's directory that was listed.

    `quiet`: seconds for which an account was not changed before the listing began, else it is left out: replicas may have lagged.
    `ours` raises where another process has taken over. `licences` asks what is asked about licences.
    """

    tenant_id: str
    directory: Directory
    asking: Asking
    licences: Asking
    kept: Reconciliation
    quiet: float
    ours: Callable[[], None]
    progress: Progress

    async def pages(self) -> AsyncIterator[Compared]:
        """All of them, then the accounts that no student has. Raises what `Asking.ask` raises."""
        remarked, after, compared = set[str](), "", 0
        while True:
            self.progress("accounts compared", compared)
            await asyncio.to_thread(self.ours)
            page = await self._expected(after=after)
            if not page:
                break
            result = await self._compared(page)
            remarked.update(one.object_id for one in result.findings if one.kind is Kind.REMARKED and one.object_id)
            yield result
            after, compared = page[-1].student_id, compared + len(page)
        after = ""
        while strangers := await asyncio.to_thread(partial(self.kept.strangers, after=after, limit=_PAGE)):
            yield Compared([self._unknown(one) for one in strangers if self._is_ours(one, remarked)])
            after = strangers[-1].object_id

    async def _compared(self, page: Sequence[Expected]) -> Compared:
        judged = [one for one in page if one.judged]
        shown = _Index(await asyncio.to_thread(self.kept.listed, judged))
        differing = [one for one in judged if any(differences(one, shown.of(one)))]
        read = await asyncio.gather(*(self._read(one, shown.of(one)) for one in differing))
        still = {one.student_id: one for one in await self._expected(students=[one.student_id for one in differing])}
        found: list[Finding] = []
        for one, accounts in zip(differing, read, strict=True):
            if still.get(one.student_id) == one:
                found += differences(one, accounts)
        students = {finding.student_id for finding in found}
        expected = {ident: one for ident, one in still.items() if ident in students}
        return Compared(found, expected, len(judged), len(page) - len(judged))

    async def _expected(self, *, after: str = "", students: Sequence[str] | None = None) -> Sequence[Expected]:
        if students is not None and not students:
            return ()
        read = partial(self.kept.expected, after=after, limit=_PAGE, quiet=self.quiet, students=students)
        return await asyncio.to_thread(read)

    async def _read(self, expected: Expected, shown: Sequence[Listed]) -> Sequence[Listed]:
        """The accounts as they are now: by object id, and those that are not shown so by the marker, as deleted ones are."""
        idents = dict.fromkeys([*filter(None, [expected.object_id]), *(one.object_id for one in shown)])
        now: dict[str, Listed] = {}
        for ident in idents:
            found = await self._shown(ident)
            if found is not None:
                one = listed(found).inside(await self._groups(ident, expected.groups))
                now[ident] = await self._licensed(one, expected)
        if now.keys() != idents.keys():
            marked = await self.asking.ask(lambda timeout: self.directory.find_marked(expected.marker, timeout=timeout))
            for one in marked:
                now.setdefault(one.object_id, listed(one).inside(expected.groups))
        return list(now.values())

    async def _shown(self, ident: str) -> Found | None:
        return await self.asking.ask(lambda timeout: self.directory.read(ident, timeout=timeout))

    async def _licensed(self, one: Listed, expected: Expected) -> Listed:
        """With those of the expected licences that it has, where accounts do not show them."""
        if one.licences is not None or not expected.licences:
            return one
        ident, wanted = one.object_id, sorted(expected.licences)
        try:
            has = await self.licences.ask(lambda timeout: self.directory.licences_of(ident, wanted, timeout=timeout))
        except NotYet:
            return one  # as with groups
        return one.having(has)

    async def _groups(self, ident: str, groups: frozenset[str]) -> frozenset[str]:
        if not groups:
            return groups
        try:
            return await self.asking.ask(
                lambda timeout: self.directory.groups_of(ident, sorted(groups), timeout=timeout)
            )
        except NotYet:
            return groups  # not shown any more: the next reconciliation says what has become of it

    def _is_ours(self, one: Listed, remarked: set[str]) -> bool:
        marker = one.marker or ""
        return one.object_id not in remarked and is_marker(self.directory.provider, self.tenant_id, marker)

    def _unknown(self, one: Listed) -> Finding:
        return Finding(self.directory.provider, Kind.UNKNOWN, None, one.object_id)


class _Index:
    """What was listed, by object id and by marker."""

    def __init__(self, accounts: Sequence[Listed]) -> None:
        self._by_object = {one.object_id: one for one in accounts}
        self._by_marker: defaultdict[str, list[Listed]] = defaultdict(list)
        for one in accounts:
            if one.marker is not None:
                self._by_marker[one.marker].append(one)

    def of(self, expected: Expected) -> Sequence[Listed]:
        """Those with the account's object id or marker, each once."""
        own = self._by_object.get(expected.object_id or "")
        marked = [one for one in self._by_marker.get(expected.marker, ()) if one is not own]
        return [*([own] if own else []), *marked]
