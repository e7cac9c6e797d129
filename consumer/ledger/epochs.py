"""Epochs: numbers by which the newest holder of a partition, a student or the relay fences the ones before it.

Each is higher than all before it, those included that the ledger has forgotten: a standby that lagged when it took over, or a backup, lacks
the newest ones, and their holders may still be at work. So an epoch is the server's time in milliseconds, or the last one known plus one.
"""

FIRST_EPOCH = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""SQL for the epoch of what the ledger does not know."""


def next_epoch(last: str) -> str:
    """SQL for the epoch after the one in the column `last`. Assumes that servers' clocks differ by less than a failover takes."""
    return f"greatest({last} + 1, {FIRST_EPOCH})"
