"""One message as POST /v3/{domain}/messages takes it: which forms are good, and what they say."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses
from types import MappingProxyType
from uuid import uuid4

from sandbox.simulators.mailgun.refusals import bad_request, invalid_address, too_large

Form = Sequence[tuple[str, str | bytes]]
"""The request's fields in their order; the content of files as bytes."""

MAX_RECIPIENTS = 1_000
MAX_OPTIONS = 16 * 1_024
MAX_MESSAGE = 25 * 1_024 * 1_024

_OPTION_PREFIXES = ("o:", "h:", "v:", "t:")
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\\]+@[^\s@<>(),;:\"\\]+\.[^\s@<>(),;:\"\\.]+")
_MESSAGE_ID = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_YES = frozenset({"yes", "true"})
_SWITCHES = frozenset({"yes", "no", "true", "false"})
_SWITCH_VALUES: Mapping[str, frozenset[str]] = {
    "o:dkim": _SWITCHES,
    "o:testmode": _SWITCHES,
    "o:tracking": _SWITCHES | {"htmlonly"},
    "o:tracking-clicks": _SWITCHES | {"htmlonly"},
    "o:tracking-opens": _SWITCHES,
    "o:require-tls": _SWITCHES,
    "o:skip-verification": _SWITCHES,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was understood. `message_id` has no brackets; `options` are the fields that begin with o:, h:, v: or t:."""

    domain: str
    message_id: str
    sender: str
    to: str
    recipients: tuple[str, ...] = field(repr=False)
    subject: str
    text: str | None = field(repr=False)
    html: str | None = field(repr=False)
    template: str | None
    options: Mapping[str, tuple[str, ...]] = field(repr=False)
    size: int

    @property
    def test_mode(self) -> bool:
        """Accepted, never delivered."""
        return bool(_YES & set(self.options.get("o:testmode", ())))

    @property
    def tags(self) -> tuple[str, ...]:
        """The message's tags."""
        return self.options.get("o:tag", ())

    @property
    def variables(self) -> Mapping[str, str]:
        """The `v:` fields; Mailgun sends them to the recipient in a header."""
        return {name[2:]: values[-1] for name, values in self.options.items() if name.startswith("v:")}


def read(domain: str, form: Form) -> Message:
    """The message that the form describes. Raises `Refusal` (400, 413) in the words of Mailgun's API description.

    `h:Message-Id` is honoured where it is `<left@right>`, and made up otherwise; nothing is done about repeated ones.
    """
    texts: dict[str, list[str]] = {}
    for name, value in form:
        if isinstance(value, str):
            texts.setdefault(name, []).append(value)
    sender = _one_address(texts, "from")
    recipients = [address for name in ("to", "cc", "bcc") for address in _addresses(texts, name)]
    if len(recipients) > MAX_RECIPIENTS:
        raise bad_request(f"Too many recipients, max is {MAX_RECIPIENTS}")
    _check_content(texts)
    options = {name: tuple(values) for name, values in texts.items() if name.startswith(_OPTION_PREFIXES)}
    _check_options(options)
    size = sum(len(value.encode() if isinstance(value, str) else value) for _, value in form)
    if size > MAX_MESSAGE:
        raise too_large()
    return Message(
        domain=domain,
        message_id=_message_id(options) or f"{uuid4().hex}@{domain}",
        sender=sender,
        to=", ".join(texts["to"]),
        recipients=tuple(dict.fromkeys(address.lower() for address in recipients)),
        subject=texts.get("subject", [""])[-1],
        text=_last(texts, "text"),
        html=_last(texts, "html"),
        template=_last(texts, "template"),
        options=MappingProxyType(options),
        size=size,
    )


def _one_address(texts: Mapping[str, list[str]], name: str) -> str:
    if len(_addresses(texts, name)) != 1:
        raise invalid_address(name)
    return texts[name][-1]


def _addresses(texts: Mapping[str, list[str]], name: str) -> list[str]:
    fields = [value for value in texts.get(name, []) if value.strip()]
    if not fields and name in {"from", "to"}:
        raise bad_request(f"{name} parameter is missing")
    found = [address for _, address in getaddresses(fields)]
    if any(not _ADDRESS.fullmatch(address) for address in found) or any("\n" in f or "\r" in f for f in fields):
        raise invalid_address(name)
    return found


def _check_content(texts: Mapping[str, list[str]]) -> None:
    if not any(_last(texts, name) for name in ("text", "html", "amp-html", "template")):
        raise bad_request("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified")
    if _last(texts, "html") and _last(texts, "template"):
        raise bad_request("Only one parameters 'html' or 'template' is allowed.")
    variables = _last(texts, "recipient-variables")
    if variables is not None and not _is_object(variables):
        raise bad_request("recipient-variables parameter is not valid JSON")


def _check_options(options: Mapping[str, tuple[str, ...]]) -> None:
    if sum(len(name) + len(value.encode()) for name, values in options.items() for value in values) > MAX_OPTIONS:
        raise bad_request("Send options (parameters starting with o:, h:, or v:) are limited to 16KB total")
    for name, allowed in _SWITCH_VALUES.items():
        if set(options.get(name, ())) - allowed:
            raise bad_request(f"{name} parameter is invalid. please check documentation")


def _message_id(options: Mapping[str, tuple[str, ...]]) -> str | None:
    given: Iterable[str] = (v for name, values in options.items() if name.lower() == "h:message-id" for v in values)
    match = _MESSAGE_ID.fullmatch(next(iter(given), ""))
    return match[1] if match else None


def _last(texts: Mapping[str, list[str]], name: str) -> str | None:
    return texts[name][-1] if name in texts else None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
