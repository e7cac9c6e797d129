"""What the pacing asks of the ledger. `consumer.ledger.quotas` keeps this port; so does the fake of the ledger."""

from typing import Protocol

from consumer.pacing.limit import Limit, Portion, Want


class Quotas(Protocol):
    """The limits of all vendors, shared by all replicas. Both calls raise `RetryLater` where the ledger is unavailable."""

    async def take(self, want: Want) -> Portion:
        """Tokens for this process. They are not given back: what it does not use is lost."""
        ...

    async def slow_down(self, limit: Limit) -> None:
        """The vendor refused a call for this limit."""
        ...
