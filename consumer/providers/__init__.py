"""Microsoft Graph and Google Directory behind one port."""
