"""`make bench`: how fast, against what, on this machine. Ratios are taken within one run, since machines differ and drift."""
