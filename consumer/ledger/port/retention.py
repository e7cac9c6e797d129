"""How what is not needed any more goes. All of it is safe to call from several replicas at once."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class Retention(Protocol):
    """Each method deletes page by page, and yields how many rows a page had: each page is a transaction of its own.

    It may be left in the middle: what is left is found again. Blocking. Raises `Unavailable`.
    """

    def expired_credentials(self) -> Iterator[int]:
        """Sealed passwords whose lifetime is over, the oldest first."""
        ...

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        """Outcomes older than `keep` seconds that are on their topics.

        Those of a student for whom work is planned stay, a verification too, since its reports may be repeated; so does the newest batch,
        by which a relay finds what a ledger that was restored has lost.
        """
        ...

    def settled_events(self, *, keep: float) -> Iterator[int]:
        """Events that were settled more than `keep` seconds ago. One that is delivered again after that is SUPERSEDED, no DUPLICATE."""
        ...

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        """Outcomes that were read back from their topics more than `keep` seconds ago. The ledger had forgotten what they report, and may
        report it again when it has worked it again: they keep that from being published. Those of a student for whom work is planned
        stay."""
        ...

    def old_attempts(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        """Attempts that ended more than so many seconds ago, by tenant; `others` is for tenants that `keep` does not name."""
        ...

    def retired_addresses(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        """Former addresses of accounts, retired more than so many seconds ago, by tenant as with `old_attempts`: they are free for
        others. What an account has, or is being renamed to, stays."""
        ...

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        """What people decided more than `keep` seconds ago of what the guard had parked. It stays while it is needed: what is approved
        until its event is settled, what is rejected until a newer event comes."""
        ...

    def ended_waits(self, *, keep: float) -> Iterator[int]:
        """Tenants' waits that were over more than `keep` seconds ago."""
        ...
