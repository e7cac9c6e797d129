"""Vendors' limits in simulated time: the accounts that a tenant may be given in a step."""

from math import ceil

from bench.year.vendors import Allowance


class Tokens:
    """Of one limit. A rest fills it up to the burst; what comes in a step may be used in the step."""

    def __init__(self, allowance: Allowance, step: float) -> None:
        self._burst = allowance.burst
        self._each_step = allowance.rate * step
        self._left = allowance.burst
        self._at = 0

    @property
    def always(self) -> int:
        """Accounts that may be made in every step."""
        return int(self._each_step)

    @property
    def fills_in(self) -> int:
        """Steps of rest after which the burst is there again."""
        return ceil(self._burst / self._each_step) + 1

    def available(self, now: int) -> int:
        """Accounts that may be made in the step of that number."""
        self._left = min(self._burst, self._left + (now - self._at) * self._each_step)
        self._at = now
        return int(self._left + self._each_step)

    def use(self, now: int, accounts: int) -> None:
        """No more than are available."""
        self.available(now)
        self._left -= accounts
