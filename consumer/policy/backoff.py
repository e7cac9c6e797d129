"""How long to wait before a retry, if the vendor did not say."""

_DOUBLINGS = 60  # beyond it every base is over every cap, and floats stay finite


def delay(attempt: int, *, base: float, cap: float, jitter: float) -> float:
    """Seconds to wait after the `attempt`th failure (from 1): exponential from `base` up to `cap`, with full jitter.

    `jitter` is a random number from 0 to 1 that the caller draws: full jitter spreads a herd best, since each waits anything
    between nothing and the whole step. Raises ValueError where an argument is out of its range.
    """
    if attempt < 1 or base <= 0 or cap <= 0 or not 0.0 <= jitter <= 1.0:
        raise ValueError("attempt must be 1 or more, base and cap positive, and jitter from 0 to 1")
    return min(cap, base * 2.0 ** min(attempt - 1, _DOUBLINGS)) * jitter
