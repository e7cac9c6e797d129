"""The `$filter`s that Graph answers without advanced queries. Pure."""

import re
from collections.abc import Callable, Mapping

from consumer.simulators.graph.refusals import Refusal
from consumer.simulators.graph.user import User

_LITERAL = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"(employeeId|userPrincipalName|mailNickname) eq {_LITERAL}")
_PROXY = re.compile(rf"proxyAddresses/any\((\w+):\1 eq {_LITERAL}\)")

Predicate = Callable[[User], bool]


def parsed(text: str) -> Predicate:
    """A predicate over users: clauses joined by `or`, or everybody. Raises `Refusal` where Graph would want an advanced query."""
    if not text.strip():
        return lambda _: True
    clauses = [_clause(part) for part in re.split(r" or (?=(?:[^']*'[^']*')*[^']*$)", text)]
    return lambda user: any(clause(user) for clause in clauses)


def _clause(text: str) -> Predicate:
    if match := _EQUALS.fullmatch(text.strip()):
        field, wanted = match[1], match[2].replace("''", "'").lower()
        return lambda user: str(user.properties.get(field) or "").lower() == wanted
    if match := _PROXY.fullmatch(text.strip()):
        wanted = match[2].replace("''", "'").lower().removeprefix("smtp:")
        return lambda user: wanted in _addresses(user.properties)
    raise Refusal(
        400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for resource 'User'."
    )


def _addresses(properties: Mapping[str, object]) -> set[str]:
    listed = properties.get("proxyAddresses")
    proxies = [str(address) for address in listed] if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  JSON
    mail = properties.get("mail")
    return {address.lower().partition(":")[2] for address in proxies} | ({str(mail).lower()} if mail else set())
