"""Reads what Entra and Graph show of one institution.

Domains are not read from Graph: that would take `Domain.Read.All`, which the service itself has no use for. Entra's public metadata shows
whose a domain is (only verified ones have any), and its sign-in realm whether the domain is federated; both without a token.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from consumer.errors import Hold, RetryLater
from consumer.events import Provider
from consumer.http.answer import Answer
from consumer.preflight.asking import Asker, bearer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement import entra
from consumer.preflight.judgement import microsoft as judgement
from consumer.preflight.judgement.answers import UNREACHED, unreachable
from consumer.preflight.judgement.rules import admin_units_of, groups_of
from consumer.providers.microsoft import graph_requests
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.providers.tokens import TokenSource
from consumer.tenants import MicrosoftSection, Tenant

_GROUP = "id,groupTypes,isAssignableToRole,mailEnabled,onPremisesSyncEnabled"
_SKU = "skuId,skuPartNumber,appliesTo,capabilityStatus,consumedUnits,prepaidUnits"
_UNUSED_MARKER = "~CHECK"
"""Shorter than any marker: no account carries it."""


async def look(tenant: Tenant, section: MicrosoftSection, asker: Asker, tokens: TokenSource) -> Sequence[Finding]:
    """Everything that is wrong with the institution's directory, as far as it can be read. Raises nothing that the vendor says."""
    if wrong := entra.of_directory(await asker.get(_metadata(section, section.tenant_id))):
        return wrong
    domain = asyncio.create_task(_domain(tenant, section, asker))
    try:
        token = await tokens.get()
    except Hold as refused:
        return [entra.of_refused_token(refused.code), *await domain]
    except RetryLater as fault:
        answer = Answer(UNREACHED, {}, str(fault).encode())
        return [unreachable(("microsoft", "authority_url"), answer), *await domain]
    return [*await domain, *await _directory(tenant, section, asker, token)]


async def _domain(tenant: Tenant, section: MicrosoftSection, asker: Asker) -> Sequence[Finding]:
    name = tenant.addresses.domain
    realm = f"{section.authority_url}/common/userrealm/{quote(f'anyone@{name}', safe='')}?api-version=1.0"
    known, where = await asyncio.gather(
        asker.get(_metadata(section, name)), asker.get(realm, {"Accept": "application/json"})
    )
    return entra.of_domain(known, where, tenant, section)


async def _directory(tenant: Tenant, section: MicrosoftSection, asker: Asker, token: str) -> Sequence[Finding]:
    field, root = MarkerField(section.marker), f"{section.graph_url}/v1.0"
    headers = bearer(token)
    advanced = {**headers, **graph_requests.ADVANCED} if field.advanced else headers
    groups, units = groups_of(tenant, Provider.MICROSOFT), admin_units_of(tenant)
    licensed = tenant.gives_licences_at(Provider.MICROSOFT)
    marker, licences, *shown = await asyncio.gather(
        asker.get(graph_requests.users_marked(section.graph_url, field, _UNUSED_MARKER), advanced),
        asker.get(f"{root}/subscribedSkus?$select={_SKU}", headers) if licensed else _nothing(),
        *(asker.get(f"{root}/groups/{quote(group, safe='')}?$select={_GROUP}", headers) for group in groups),
        *(asker.get(graph_requests.admin_unit(section.graph_url, unit), headers) for unit in units),
    )
    if marker.status == UNREACHED:
        return [unreachable(("microsoft", "graph_url"), marker)]
    roles = judgement.roles_in(token)
    return [
        *judgement.of_permissions(roles, tenant),
        *judgement.of_marker(marker, section),
        *(judgement.of_licences(licences, tenant, roles) if licensed else ()),
        *(
            one
            for place, group in zip(groups.values(), shown[: len(groups)], strict=True)
            for one in judgement.of_group(group, place)
        ),
        *(
            one
            for place, unit in zip(units.values(), shown[len(groups) :], strict=True)
            for one in judgement.of_admin_unit(unit, place)
        ),
    ]


async def _nothing() -> Answer:
    return Answer(HTTPStatus.NO_CONTENT)


def _metadata(section: MicrosoftSection, directory: str) -> str:
    return f"{section.authority_url}/{quote(directory, safe='')}/v2.0/.well-known/openid-configuration"
