"""Which address a mail goes to, and how the sender's is written."""

import re
import unicodedata
from collections.abc import Collection
from email.utils import quote, unquote

from consumer.errors import GiveUp, Reason
from consumer.events import is_blank

_MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets
_MAX_LOCAL = 64
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{1,59}})")

_MISTAKES = (
    (re.compile(r"mailto:", re.IGNORECASE), "begins with `mailto:`"),
    (re.compile(r".*[<>]", re.DOTALL), "has a name or angle brackets around it"),
    (re.compile(r".*[,;]", re.DOTALL), "has a comma or semicolon, so it may be several addresses"),
    (re.compile(r".*\s", re.DOTALL), "has a blank inside"),
    (re.compile(r".*[^\x20-\x7e]", re.DOTALL), "has characters other than ASCII letters, digits and signs"),
    (re.compile(r"[^@]*$"), "has no `@`"),
)
_SPECIALS = frozenset('()<>[]:;@\\,."')


def is_address(text: str) -> bool:
    """One plain address: dot-atom, `@`, a domain of two labels or more in ASCII.

    Refused on purpose, though RFC 5322 knows them: quoted local parts, comments, lists, display names and domain literals; they
    are how one recipient becomes two. So are addresses in other scripts (a Greek omicron in a Latin name is a typing error
    that would send a password to no one, or to another person): domains are written in their `xn--` form.
    """
    return len(text) <= _MAX_ADDRESS and len(text.partition("@")[0]) <= _MAX_LOCAL and bool(_ADDRESS.fullmatch(text))


def recipient(text: str | None, *, provisioned: Collection[str] = ()) -> str:
    """The address to send to: `text` without the blanks around it.

    `provisioned` are the domains in which the tenant's accounts are: a mail to one of them could only be read after signing in with the
    password that it carries. Raises `GiveUp` (NO_CONTACT_ADDRESS), with a sentence of its own for each mistake; never quotes the address.
    """
    address = _trimmed(text or "")
    if not address:
        raise _refused("The student has no contact address")
    if not is_address(address):
        wrong = next((wrong for pattern, wrong in _MISTAKES if pattern.match(address)), "is not an e-mail address")
        raise _refused(f"The contact address {wrong}")
    if address.rpartition("@")[2].lower() in provisioned:
        raise _refused(
            "The contact address is in a domain whose accounts this service creates, where the student cannot read mail yet"
        )
    return address


def sender(mailbox: str) -> str:
    """A tenant's `mailgun.sender` as the From header takes it: a name with a comma or another special is quoted (RFC 5322 3.2.3)."""
    name, address = parted(mailbox)
    if not name:
        return address
    return f'"{quote(name)}" <{address}>' if _SPECIALS.intersection(name) else f"{name} <{address}>"


def parted(mailbox: str) -> tuple[str, str]:
    """The name (may be empty) and the address of `Name <address>` or of an address alone; the name may be quoted already."""
    name, _, address = mailbox.rpartition("<")
    return unquote(name.strip()), address.strip().removesuffix(">")


def _refused(wrong: str) -> GiveUp:
    return GiveUp(f"{wrong}: correct it in the school's information system.", reason=Reason.NO_CONTACT_ADDRESS)


def _trimmed(text: str) -> str:
    begin, end = 0, len(text)
    while begin < end and _is_blank(text[begin]):
        begin += 1
    while end > begin and _is_blank(text[end - 1]):
        end -= 1
    return text[begin:end]


def _is_blank(character: str) -> bool:
    """Control characters are none but the tab: a line end is an attempt to inject a header (and refuses the event)."""
    return character == "\t" or (is_blank(character) and unicodedata.category(character) != "Cc")
