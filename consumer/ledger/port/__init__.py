"""What each loop may rely on. `consumer.ledger` keeps these ports on PostgreSQL, the tests' fake keeps them in memory; one contract suite
runs on both. All times are the database's own; durations are seconds.

Every method may raise `Unavailable` (nothing was written, or a commit's answer was lost: all writes are safe to repeat).
"""
