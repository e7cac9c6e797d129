"""Places shared out as the service's scheduler does: one by one to the tenant that has the fewest, tenants with equally many in turn.

So every tenant gets what it wants, up to a level that is the same for all (water-filling): `consumer/provisioning/scheduler.py`.
"""

from collections.abc import Mapping


def shared(wanted: Mapping[int, int], places: int) -> Mapping[int, int]:
    """How many each gets; those that come first get one more where places are left over."""
    if sum(wanted.values()) <= places:
        return wanted
    level, left = _level(wanted, places)
    got: dict[int, int] = {}
    for tenant, want in wanted.items():
        more = left > 0 and want > level
        left -= more
        if count := min(want, level) + more:
            got[tenant] = count
    return got


def _level(wanted: Mapping[int, int], places: int) -> tuple[int, int]:
    """Up to which all get what they want, and how many places are left over then."""
    ordered = sorted(wanted.values())
    for number, want in enumerate(ordered):
        rest = len(ordered) - number
        if want * rest > places:
            return divmod(places, rest)
        places -= want
    raise ValueError("there are places for all")
