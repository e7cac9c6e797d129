"""Whether a text is one e-mail address, and nothing else besides."""

import re

from consumer.errors import GiveUp, Reason

_MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets
_MAX_LOCAL = 64
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{1,59}})")


def is_address(text: str) -> bool:
    """One plain address: dot-atom, `@`, a domain of two labels or more in ASCII.

    Refused on purpose, though RFC 5322 knows them: quoted local parts, comments, lists, display names and domain literals; they
    are how one recipient becomes two. So are addresses in other scripts (a Greek omicron in a Latin name is a typing error
    that would send a password to nobody, or to somebody else): domains are written in their `xn--` form.
    """
    return len(text) <= _MAX_ADDRESS and len(text.partition("@")[0]) <= _MAX_LOCAL and bool(_ADDRESS.fullmatch(text))


def recipient(text: str) -> str:
    """The address to send to. Raises `GiveUp` (NO_CONTACT_ADDRESS) where `text` is not one plain address; never quotes it."""
    if not is_address(text):
        raise GiveUp(
            "The contact address is not one plain e-mail address: correct it in the school's information system.",
            reason=Reason.NO_CONTACT_ADDRESS,
        )
    return text
