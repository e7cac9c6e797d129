"""The ledger's side for tests of this folder: a limit of which `tokens` are given as long as there are some."""

from collections.abc import Sequence

from consumer.errors import Unavailable
from consumer.pacing.limit import Limit, Portion, Want


class ScriptedQuotas:
    """Keeps `Quotas`: gives these portions, one after the other, and then nothing. None: the ledger does not answer."""

    def __init__(self, *portions: Portion | None) -> None:
        self._portions = list(portions)
        self.wanted: list[Want] = []
        self.slowed: list[Limit] = []

    async def take(self, want: Want) -> Portion:
        self.wanted.append(want)
        portion = self._portions.pop(0) if self._portions else Portion(0, 0.0, 1.0, 3600.0)
        if portion is None:
            raise Unavailable("PostgreSQL does not answer.")
        return portion

    async def slow_down(self, limit: Limit) -> None:
        self.slowed.append(limit)


def at_once(tokens: int, *, more_in: float = 0.0, every: float = 1.0) -> Portion:
    """Tokens that may be used now."""
    return Portion(tokens, -tokens * every, every, more_in)


def wanted(quotas: ScriptedQuotas) -> Sequence[int]:
    """How many tokens were needed at each asking."""
    return [want.tokens for want in quotas.wanted]
