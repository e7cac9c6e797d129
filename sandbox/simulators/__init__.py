"""The vendors in memory, for the demo and the tests: as strict, as slow and as forgetful as the real ones.

The service never imports them.
"""
