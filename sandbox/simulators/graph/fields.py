"""Which properties of a user may be written, by whom, and how long they may be. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.refusals import Refusal

EXTENSION_ATTRIBUTES = "onPremisesExtensionAttributes"
ATTRIBUTE_NAMES = tuple(f"extensionAttribute{n}" for n in range(1, 16))

_LENGTHS = {
    "displayName": 256,
    "givenName": 64,
    "surname": 64,
    "mailNickname": 64,
    "employeeId": 16,
    **dict.fromkeys(ATTRIBUTE_NAMES, 1_024),
}
_EXTENSION_LENGTH = 256
_COUNTRY = re.compile(r"[A-Z]{2}")
_READ_ONLY = {"id", "createdDateTime", "creationType", "deletedDateTime", "onPremisesSyncEnabled", "proxyAddresses",
              "signInSessionsValidFromDateTime"}  # fmt: skip
_MASTERED = {
    "accountEnabled",
    "displayName",
    "givenName",
    "surname",
    "mailNickname",
    "userPrincipalName",
    "employeeId",
    "passwordProfile",
    EXTENSION_ATTRIBUTES,
}
"""What a synchronised user has from the directory on premises."""


def check(body: Mapping[str, Any], *, extensions: Collection[str], synchronised: bool = False) -> None:
    """Raises `Refusal` for a create or update body. `extensions` are the directory extensions that are available."""
    if read_only := sorted(_READ_ONLY & body.keys()):
        raise refusals.invalid(f"Property '{read_only[0]}' is read-only and cannot be set.")
    if synchronised and _MASTERED & body.keys():
        raise refusals.invalid(refusals.ON_PREMISES)
    for name, value in body.items():
        if name.startswith("extension_") and name not in extensions:
            raise refusals.invalid(f"The following extension properties are not available: {name}.")
        if name == EXTENSION_ATTRIBUTES:
            _check_attributes(value)
        else:
            _check_length(name, value, _EXTENSION_LENGTH if name.startswith("extension_") else _LENGTHS.get(name))
    location = body.get("usageLocation")
    if location is not None and not _COUNTRY.fullmatch(str(location)):
        raise _bad_value("usageLocation")


def merged(properties: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The properties after a create or update: extension attributes that the body does not name stay."""
    kept = {name: value for name, value in body.items() if name != "passwordProfile" and not name.startswith("@odata.")}
    after = {**properties, **kept}
    if isinstance(body.get(EXTENSION_ATTRIBUTES), Mapping):
        before = cast("Mapping[str, Any]", properties.get(EXTENSION_ATTRIBUTES) or {})
        after[EXTENSION_ATTRIBUTES] = {**before, **body[EXTENSION_ATTRIBUTES]}
    return after


def _check_attributes(value: object) -> None:
    given = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {"": None}
    if unknown := given.keys() - set(ATTRIBUTE_NAMES):
        raise refusals.invalid(f"Invalid property '{min(unknown)}'.")
    for name, inner in given.items():
        _check_length(name, inner, _LENGTHS[name])


def _check_length(name: str, value: object, longest: int | None) -> None:
    if longest is not None and isinstance(value, str) and not 0 < len(value) <= longest:
        raise _bad_value(name)


def _bad_value(name: str) -> Refusal:
    return Refusal(
        400,
        "Request_BadRequest",
        f"Invalid value specified for property '{name}' of resource 'User'.",
        details=[{"code": "InvalidLength", "target": name, "message": "invalid"}],
    )
