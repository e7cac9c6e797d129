"""Reads what Google's License Manager shows of the licences that a tenant's rules give. Asks nothing where they give none of Google's."""

import asyncio
from collections.abc import Sequence

from consumer.errors import Hold, RetryLater
from consumer.events import Provider
from consumer.http.answer import Answer
from consumer.preflight.asking import Asker, bearer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement import google as judgement
from consumer.preflight.judgement.answers import UNREACHED, unreachable
from consumer.preflight.judgement.rules import licences_of
from consumer.providers.google import directory_requests, licence_requests
from consumer.providers.google.scopes import LICENSING, is_delegation
from consumer.providers.google.tokens import scopes_of
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection, Tenant


async def look(
    tenant: Tenant, section: GoogleSection, asker: Asker, tokens: tuple[str, TokenSource], *, client_id: str | None
) -> Sequence[Finding]:
    """Whether the scope is delegated, the administrator may manage licences, and Google knows each of them.

    `tokens` are a token for the Directory API, and where those for the License Manager come from.
    """
    places = licences_of(tenant, Provider.GOOGLE)
    if not places:
        return ()
    directory_token, source = tokens
    try:
        token = await source.get()
    except Hold as refused:
        if is_delegation(refused.code):
            return judgement.of_delegation(LICENSING, (*scopes_of(section), *LICENSING), client_id)
        return [judgement.of_refused_token(refused.code)]
    except RetryLater as fault:
        return [unreachable(("google", "token_url"), Answer(UNREACHED, {}, str(fault).encode()))]
    customer = await _customer(section, asker, directory_token)
    found: list[Finding] = []
    for number, (licence, place) in enumerate(places.items()):
        if number:
            await asyncio.sleep(1 / section.limits.licences)
        url = licence_requests.all_assigned(section.licensing_url, licence, customer, None, largest=1)
        said = judgement.of_licence(await asker.get(url, bearer(token)), place)
        found += said
        if any(one.place[0] == "google" for one in said):
            break  # the others would meet the same
    return found


async def _customer(section: GoogleSection, asker: Asker, token: str) -> str:
    """The customer's id, which every user shows; the configured one where the administrator does not."""
    url = directory_requests.customer_of(section.directory_url, section.admin_subject)
    shown = (await asker.get(url, bearer(token))).json()
    return str(shown.get("customerId") or section.customer_id)
