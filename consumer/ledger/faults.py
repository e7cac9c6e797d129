"""What keeps a statement from being carried out, where that matters to who asked."""

from consumer.errors import Unavailable


class Locked(Unavailable):
    """Another transaction holds a row that this one needs, and did not end in time. Nothing was written."""


class Refused(Unavailable):
    """PostgreSQL, or a pooler before it, lets us do less than we need: database, role, password, privilege, TLS.

    A person must change that, so what starts gives up with this text. What runs waits: it needs no restart to continue afterwards.
    """
