"""How long tests are shared out to workers.

Most of a long test's time is waiting, so each worker but one has a lane of them, one after the other; the last begins with the tests that
keep a core busy.
"""

from collections.abc import Sequence


def share_out(seconds: Sequence[float], lanes: int) -> Sequence[int]:
    """The lane of each, so that all lanes take about as long: the longest first, each to the lane that has the least."""
    loads = [0.0] * lanes
    shares = [0] * len(seconds)
    for index in sorted(range(len(seconds)), key=lambda index: -seconds[index]):
        shares[index] = loads.index(min(loads))
        loads[shares[index]] += seconds[index]
    return shares
