"""Bugs that somebody could make tomorrow, each a small change to a part that the simulation is made of. The service does not know them."""
