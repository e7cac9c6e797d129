"""Mails to students and offices: rendering them, and sending them through Mailgun."""
