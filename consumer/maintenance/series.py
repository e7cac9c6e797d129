"""Which tenants have series of their own, so that there are never too many, and what the others come to together. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from consumer.ledger.port.overview import Tally

Tallies = Mapping[tuple[str, str], Tally]
"""By tenant, and class, reason or kind."""

OTHER = "other"
"""The tenants that have no series of their own; a class, reason or kind that this version does not know."""

MOST = 1_900
"""Series of what waits, of all tenants together. With those of certificates there are no more than 2,000."""

_A_TALLY = 2
"""A number and an age: series of each tally."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits, as it is shown: see `consumer.ledger.port.overview.Overview`."""

    due: Tallies
    held: Tallies
    parked: Tallies

    @property
    def all(self) -> tuple[Tallies, ...]:
        return self.due, self.held, self.parked


def folded(waits: Waits, *, tenants: int, most: int = MOST) -> Waits:
    """At most so many tenants with their own series, and at most `most` series: the others' numbers are added up as `OTHER`."""
    own = _own(waits, tenants, most)
    due, held, parked = (_together(tallies, own) for tallies in waits.all)
    return Waits(due, held, parked)


def known(tallies: Tallies, parts: Sequence[str]) -> Tallies:
    """With `OTHER` for what is not in the closed set `parts`."""
    return _summed((tenant, part if part in parts else OTHER, of) for (tenant, part), of in tallies.items())


def _own(waits: Waits, tenants: int, most: int) -> frozenset[str]:
    """In the order of what matters, as long as there is room for all that a tenant has."""
    left = most - _A_TALLY * sum(len({part for _, part in tallies}) for tallies in waits.all)  # those of `OTHER`
    has = Counter(tenant for tallies in waits.all for tenant, _ in tallies)
    own = set[str]()
    for tenant in _by_what_matters(waits):
        left -= _A_TALLY * has[tenant]
        if left < 0 or len(own) == tenants:
            break
        own.add(tenant)
    return frozenset(own)


def _by_what_matters(waits: Waits) -> Sequence[str]:
    """The tenant that has waited for longest with each class of work, with a hold and with a parked action; then those that come second.

    In turn, so that holds that no one ends for months do not hide who waits for a vendor now.
    """
    classes = {part for _, part in waits.due}
    rankings = [{of: tally for of, tally in waits.due.items() if of[1] == one} for one in sorted(classes, reverse=True)]
    ranked = [_ranked(tallies) for tallies in (*rankings, waits.held, waits.parked)]
    return list(dict.fromkeys(tenant for place in zip_longest(*ranked) for tenant in place if tenant is not None))


def _ranked(tallies: Tallies) -> Sequence[str]:
    oldest = dict[str, float]()
    for (tenant, _), tally in tallies.items():
        oldest[tenant] = max(tally.oldest, oldest.get(tenant, 0.0))
    return sorted(oldest, key=lambda tenant: (-oldest[tenant], tenant))


def _together(tallies: Tallies, own: frozenset[str]) -> Tallies:
    return _summed((tenant if tenant in own else OTHER, part, of) for (tenant, part), of in tallies.items())


def _summed(tallies: Iterator[tuple[str, str, Tally]]) -> Tallies:
    sums = dict[tuple[str, str], Tally]()
    for tenant, part, tally in tallies:
        before = sums.get((tenant, part), Tally(0, 0.0))
        sums[tenant, part] = Tally(before.count + tally.count, max(before.oldest, tally.oldest))
    return sums
