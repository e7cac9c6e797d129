"""Bugs that could be introduced tomorrow, each a small change to one part of the simulation. The service does not know them."""
