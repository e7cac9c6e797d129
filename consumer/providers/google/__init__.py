"""Google Workspace through the Directory API."""
