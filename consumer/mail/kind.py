"""A kind of mail: the values that its templates are given, and where these must and must not stand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumer.events import Provider

SERVICES: Mapping[Provider, tuple[str, str]] = {
    Provider.MICROSOFT: ("Microsoft 365", "https://www.office.com"),
    Provider.GOOGLE: ("Google Workspace", "https://accounts.google.com"),
}
"""What people call a provider's accounts, and where they sign in to them."""


class Values(Protocol):
    """The values of one mail."""

    @property
    def provider(self) -> Provider:
        """Where the account is that the mail is about."""
        ...

    def names(self) -> Mapping[str, str]:
        """What templates know, by the name under which they know it. What others wrote is cleaned."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """`names` are those of the values. Each body must show `required`; none of `apart` may stand in a link or an attribute, and none of
    `secret` in the subject. `samples`: values to try a template with, for an institution of this name.
    """

    names: tuple[str, ...]
    required: tuple[str, ...]
    apart: tuple[str, ...]
    secret: tuple[str, ...]
    samples: Callable[[str], Sequence[Values]]


SAMPLE_NAMES = ("Μαρία", "محمد", "Wolfeschlegelsteinhausen-O'Bergerdorff " * 2, "")
"""Of students: in several scripts, a long one and an empty one."""

SAMPLE_SIGN_IN_NAME = "sample.student@school.example"
