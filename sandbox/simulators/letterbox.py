"""A student who reads the welcome mail: what it says one signs in with."""

import re
from typing import Protocol

from consumer.policy.passwords import PATTERN

_PASSWORD = re.compile(PATTERN)
_ADDRESS = re.compile(r"[a-z0-9._-]+@students\.[a-z0-9.-]+[a-z0-9]")


class Written(Protocol):
    """A mail, or whatever else has a mail's text."""

    @property
    def text(self) -> str | None: ...


def sign_in_name(mail: Written) -> str:
    """The address in the mail's text; empty where there is none."""
    found = _ADDRESS.search(mail.text or "")
    return found[0] if found else ""


def initial_password(mail: Written) -> str:
    """The password in the mail's text; empty where there is none."""
    found = _PASSWORD.search(mail.text or "")
    return found[0] if found else ""
