"""Reads what Google's token endpoint and its Directory API show of one institution.

Groups and organisational units are looked up by listing their members and users: that takes no scope beside those that the service itself
uses, where `groups.get` and `orgunits.get` would.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from consumer.errors import Hold, RetryLater
from consumer.events import Provider
from consumer.http.answer import Answer
from consumer.preflight import google_licences
from consumer.preflight.asking import Asker, bearer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement import google as judgement
from consumer.preflight.judgement.answers import UNREACHED, unreachable
from consumer.preflight.judgement.rules import groups_of, org_units_of
from consumer.providers.google import directory_requests
from consumer.providers.google.scopes import LICENSING, is_delegation
from consumer.providers.google.tokens import scopes_of
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection, Tenant

TokensFor = Callable[[Sequence[str]], TokenSource]
"""Where tokens for these scopes come from."""


async def look(
    tenant: Tenant, section: GoogleSection, asker: Asker, tokens: TokensFor, *, client_id: str | None
) -> Sequence[Finding]:
    """Everything that is wrong with the institution's Workspace, as far as it can be read.

    `client_id` is the service account's, as the Admin console lists it; None if the key does not contain it.
    """
    found = await _look(tenant, section, asker, tokens, client_id)
    credential = ("google", section.credential)
    return [replace(one, place=credential) if one.place == judgement.CREDENTIAL else one for one in found]


async def _look(
    tenant: Tenant, section: GoogleSection, asker: Asker, tokens: TokensFor, client_id: str | None
) -> Sequence[Finding]:
    scopes = scopes_of(section)
    try:
        token = await tokens(scopes).get()
    except Hold as refused:
        if not is_delegation(refused.code):
            return [judgement.of_refused_token(refused.code)]
        granted = await asyncio.gather(*(_granted(tokens([scope])) for scope in scopes))
        missing = [scope for scope, token in zip(scopes, granted, strict=True) if token is None]
        return judgement.of_delegation(missing or scopes, scopes, client_id)
    except RetryLater as fault:
        return [unreachable(("google", "token_url"), Answer(UNREACHED, {}, str(fault).encode()))]
    users = f"{directory_requests.users(section.directory_url)}?maxResults=1&fields=kind"
    customer = f"{users}&customer={quote(section.customer_id, safe='')}"
    if wrong := judgement.of_administrator(await asker.get(customer, bearer(token)), section):
        return wrong
    domain, licences, *found = await asyncio.gather(
        _domain(tenant, section, asker, tokens, token),
        google_licences.look(tenant, section, asker, (token, tokens(LICENSING)), client_id=client_id),
        *(
            _org_unit(f"{customer}&query={quote(_in_unit(unit), safe='')}", asker, token, section, place)
            for unit, place in org_units_of(tenant).items()
        ),
        *(_group(section, asker, token, group, place) for group, place in groups_of(tenant, Provider.GOOGLE).items()),
    )
    return [*domain, *licences, *(one for some in found for one in some)]


async def _domain(
    tenant: Tenant, section: GoogleSection, asker: Asker, tokens: TokensFor, token: str
) -> Sequence[Finding]:
    name = quote(tenant.addresses.domain, safe="")
    listed = await asker.get(
        f"{directory_requests.users(section.directory_url)}?maxResults=1&fields=kind&domain={name}", bearer(token)
    )
    reader = await _granted(tokens([judgement.DOMAIN_SCOPE]))
    if reader is None:
        return judgement.of_domain(listed, None, tenant)
    customer = quote(section.customer_id, safe="")
    url = f"{section.directory_url}/admin/directory/v1/customer/{customer}/domains/{name}"
    return judgement.of_domain(listed, await asker.get(url, bearer(reader)), tenant)


async def _org_unit(
    url: str, asker: Asker, token: str, section: GoogleSection, place: tuple[str | int, ...]
) -> Sequence[Finding]:
    return judgement.of_org_unit(await asker.get(url, bearer(token)), place, created=section.create_org_units)


async def _group(
    section: GoogleSection, asker: Asker, token: str, group: str, place: tuple[str | int, ...]
) -> Sequence[Finding]:
    url = f"{directory_requests.members(section.directory_url, group)}?maxResults=1&fields=kind"
    return judgement.of_group(await asker.get(url, bearer(token)), place)


async def _granted(tokens: TokenSource) -> str | None:
    """A token; None where none is given."""
    try:
        return await tokens.get()
    except (Hold, RetryLater):
        return None


def _in_unit(path: str) -> str:
    """Google's search for users of a unit; a quote inside is escaped ("Search for users")."""
    return "orgUnitPath='" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"
