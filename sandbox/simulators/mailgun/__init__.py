"""Mailgun in memory: sending, the mailbox of every recipient, events and logs that arrive late, suppressions."""
