"""A vendor's limit on calls, and how its tokens are given out: the generic cell rate algorithm. Pure.

A limit's whole state is the time of its next token. Tokens of the past that no one took are the burst; those of the near future may be
taken too, each to be used at its time. So replicas need not ask for each call, and their calls are spread evenly all the same.
"""

from dataclasses import dataclass, replace
from math import floor

AHEAD = 1.0
"""Seconds of the future that may be taken. What a replica had taken when it died is lost, and that is no more than this."""
_MARGIN = 2.0
"""Seconds' worth of tokens by which our burst is smaller than the vendor's: calls that leave evenly may arrive closer together."""
_LEAST_BURST = 0.1
"""Of the vendor's, however short its period."""
_LATE = 2 / 3
"""Of the margin, for tokens that are used late; the rest is for calls that take their time to arrive."""
_DECREASE, _LEAST = 0.85, 0.05
"""After a refusal the rate is multiplied by the first, down to the second, as a share of the limit …"""
_INCREASE, _NEAR, _INCREASE_NEAR = 0.01, 0.95, 0.002
"""… and rises by the first share of it in each second, up to the second of the rate that was refused, and by the third from there on."""
_ONE_REFUSAL = 5.0
"""Seconds in which all refusals are one: they are of calls that were under way together."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` calls, or units, in `seconds`. `key` says whose: all who have it share the tokens. `name` is its kind, of a closed set.

    `each_request`: each request waits for a token, where the turn of its step holds none (any more). Else it is sent, and owed for.
    """

    key: str
    name: str
    amount: float
    seconds: float
    each_request: bool = False

    @property
    def interval(self) -> float:
        """Seconds from one token to the next."""
        return self.seconds / self.amount

    @property
    def burst(self) -> float:
        """Tokens that may be used at once after a rest."""
        return max(1.0, _LEAST_BURST * self.amount, self.amount - _MARGIN / self.interval)

    @property
    def late(self) -> float:
        """Seconds by which a token may be used after its time: then the vendor's bucket holds it still, beside a whole burst of ours."""
        return max(0.1, _LATE * (self.amount - self.burst) * self.interval)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a limit stands. Times are in Unix seconds of one clock; `share` is the part of the rate that was used after `slowed_at`."""

    next_at: float
    share: float = 1.0
    slowed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Want:
    """So many `tokens` of a limit, and up to `more` that are not needed yet."""

    limit: Limit
    tokens: int
    more: int = 0


@dataclass(frozen=True, slots=True)
class Portion:
    """`tokens`, the first to be used in `first` seconds (negative: at once), the others one each `every` seconds.

    `more_in`: seconds until it is worth while to ask again; 0 where nothing was refused.
    """

    tokens: int
    first: float
    every: float
    more_in: float


def new(limit: Limit, now: float) -> Standing:
    """A limit that has not been used yet."""
    return Standing(now - limit.seconds)


def taken(standing: Standing, want: Want, now: float) -> tuple[Standing, Portion]:
    """As many tokens as there are. A clock that was set back does not stop them: none is further in the future than one could be taken.

    Nor does it keep the rate low until it is again as late as when the vendor refused a call: the rate rises from now on.
    """
    if standing.slowed_at is not None and standing.slowed_at > now:
        standing = replace(standing, slowed_at=now)
    every = want.limit.interval / _share(standing, now)
    earliest = now - (want.limit.burst - 1) * every
    first = min(max(standing.next_at, earliest), now + AHEAD + every)
    due = min(want.tokens, max(0, floor((now + AHEAD - first) / every) + 1))
    rest = max(0, floor((now - first) / every) + 1 - due)
    tokens = due + (min(want.more, rest // 2) if due == want.tokens else 0)
    next_at = first + tokens * every
    more_in = 0.0 if due == want.tokens else max(0.0, next_at - AHEAD / 2 - now)
    return replace(standing, next_at=next_at), Portion(tokens, first - now, every, more_in)


def slowed(standing: Standing, now: float) -> Standing:
    """The vendor refused a call for the rate: its bucket is empty, and fills less fast than was thought."""
    if standing.slowed_at is not None and 0 <= now - standing.slowed_at < _ONE_REFUSAL:
        return standing
    share = max(_LEAST, _DECREASE * _share(standing, now))
    return Standing(max(standing.next_at, now), share, now)


def _share(standing: Standing, now: float) -> float:
    if standing.slowed_at is None:
        return 1.0
    since = max(0.0, now - standing.slowed_at)
    near = _NEAR * standing.share / _DECREASE
    until_near = (near - standing.share) / _INCREASE
    if since <= until_near:
        return min(1.0, standing.share + _INCREASE * since)
    return min(1.0, near + _INCREASE_NEAR * (since - until_near))
