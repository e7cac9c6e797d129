"""Places: a service of a tenant, or a part of it, that is not called for a while; the names under which waits are kept.

A part of a part is within it: `microsoft/groups/7` within `microsoft/groups`, within `microsoft`.
"""

from collections.abc import Sequence


def place_of(service: str, part: str | None) -> str:
    """The name of the part; the service's own without one."""
    return service if part is None else f"{service}/{part}"


def within(place: str) -> Sequence[str]:
    """The places that a call to this one depends on, the service first and itself last."""
    names = place.split("/")
    return ["/".join(names[:end]) for end in range(1, len(names) + 1)]
