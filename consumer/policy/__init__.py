"""The pure core: status → decision, address patterns, markers, passwords, plans. No clock, no await, no I/O."""
