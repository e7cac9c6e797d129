"""What a creation demands beyond what any change does: the page "Create user". Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from sandbox.simulators.graph import fields, refusals
from sandbox.simulators.graph.refusals import Refusal

_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
_ALIAS = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")
_SHORTEST_PASSWORD = 8


def check(
    body: Mapping[str, Any], *, domains: Collection[str], federated: Collection[str], extensions: Collection[str]
) -> None:
    """Raises `Refusal` for the body of a creation."""
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise refusals.invalid(f"A value is required for property '{name}' of resource 'User'.")
    fields.check(body, extensions=extensions)
    check_name(str(body["userPrincipalName"]), domains, federated, body.get("onPremisesImmutableId"))


def check_name(upn: str, domains: Collection[str], federated: Collection[str], immutable_id: object) -> None:
    """Raises `Refusal` for a sign-in name that no user of the directory can have, or none without an immutable id."""
    alias, _, domain = upn.rpartition("@")
    if not _ALIAS.fullmatch(alias):
        raise Refusal(
            400,
            "Request_BadRequest",
            "Property userPrincipalName is invalid.",
            details=[{"code": "InvalidValue", "target": "userPrincipalName", "message": "invalid"}],
        )
    if domain.lower() not in domains:
        raise refusals.invalid(refusals.UNVERIFIED)
    if domain.lower() in federated and not immutable_id:
        raise refusals.invalid(refusals.FEDERATED)


def password(body: Mapping[str, Any]) -> str:
    """The password that the body sets. Raises `Refusal` for a weak one."""
    profile = body["passwordProfile"]
    given = cast("dict[str, Any]", profile).get("password") if isinstance(profile, dict) else None
    if not isinstance(given, str) or len(given) < _SHORTEST_PASSWORD:
        raise refusals.invalid(refusals.WEAK_PASSWORD)
    return given
