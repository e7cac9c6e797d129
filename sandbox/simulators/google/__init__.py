"""Google Workspace in memory: the Directory API's users, groups, members and organisational units, and the token endpoint."""
