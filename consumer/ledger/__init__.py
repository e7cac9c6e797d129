"""PostgreSQL: what was asked for, what was done, what is owed. `port` says what the loops may rely on."""
