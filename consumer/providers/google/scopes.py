"""What is delegated to a service account: OAuth scopes. Pure."""

LICENSING = ("https://www.googleapis.com/auth/apps.licensing",)
"""For licences of single accounts, in tokens of their own: where it is not delegated, everything else works."""

_NOT_DELEGATED = ("unauthorized_client", "access_denied")


def is_delegation(code: str | None) -> bool:
    """Whether a token was refused because of what is delegated, or not, to the service account."""
    return (code or "").startswith(_NOT_DELEGATED)
