"""Steps: one module each, with its lookups, its effect, its writes and its outcomes."""
