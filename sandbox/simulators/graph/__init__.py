"""Microsoft Graph v1.0 and Entra's token endpoint, as much of them as accounts for students need."""
