"""`make demo`: the whole service on one machine, in under a minute, with simulated vendors; and the proof that all ended as it should."""
