"""What was read means: findings, each with what to do. Pure: no clock, no network."""
