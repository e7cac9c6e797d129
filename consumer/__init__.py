"""`provisioner`: status events in, accounts at Microsoft 365 and Google Workspace, welcome mails and outcome events out."""

__version__ = "0.1.0"
