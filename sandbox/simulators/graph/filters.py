"""The `$filter`s that Graph answers, and those of them that need an advanced query. Pure."""

import re
from collections.abc import Callable, Collection, Mapping

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.user import User

_LITERAL = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"(employeeId|userPrincipalName|mailNickname|userType|extension_\w+) eq {_LITERAL}")
_ATTRIBUTE = re.compile(rf"onPremisesExtensionAttributes/(extensionAttribute\d+) eq {_LITERAL}")
_PROXY = re.compile(rf"proxyAddresses/any\((\w+):\1 eq {_LITERAL}\)")

_UNDECLARED = "Property '{}' does not exist as a declared property or extension property."

Predicate = Callable[[User], bool]


def parsed(text: str, *, advanced: bool = False, extensions: Collection[str] = ()) -> Predicate:
    """A predicate over users: clauses joined by `or`, or everybody. Raises `Refusal` where Graph would want an advanced query.

    `extensions` are the directory extensions that are available.
    """
    if not text.strip():
        return lambda _: True
    clauses = [
        _clause(part.strip(), advanced=advanced, extensions=extensions)
        for part in re.split(r" or (?=(?:[^']*'[^']*')*[^']*$)", text)
    ]
    return lambda user: any(clause(user) for clause in clauses)


def _clause(text: str, *, advanced: bool, extensions: Collection[str]) -> Predicate:
    if match := _EQUALS.fullmatch(text):
        name, wanted = match[1], match[2].replace("''", "'").lower()
        if name.startswith("extension_") and name not in extensions:
            raise refusals.unsupported(_UNDECLARED.format(name))
        return lambda user: str(user.properties.get(name) or "").lower() == wanted
    if match := _ATTRIBUTE.fullmatch(text):
        name, wanted = match[1], match[2].replace("''", "'").lower()
        if not advanced:
            raise refusals.unsupported(_UNDECLARED.format(name))
        return lambda user: str(user.attributes.get(name) or "").lower() == wanted
    if match := _PROXY.fullmatch(text):
        wanted = match[2].replace("''", "'").lower().removeprefix("smtp:")
        return lambda user: wanted in _addresses(user.properties)
    raise refusals.unsupported()


def _addresses(properties: Mapping[str, object]) -> set[str]:
    listed = properties.get("proxyAddresses")
    proxies = [str(address) for address in listed] if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  JSON
    mail = properties.get("mail")
    return {address.lower().partition(":")[2] for address in proxies} | ({str(mail).lower()} if mail else set())
