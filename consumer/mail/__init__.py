"""The welcome mail: rendering it, and sending it through Mailgun."""
