"""Reads what Mailgun shows of one institution's sending domain.

A sending key may do nothing but post messages, so whether a key may send is asked with an empty form: Mailgun names the first field that
is missing, and has no recipient.
"""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from consumer.http.answer import Answer
from consumer.mail.mailgun import basic
from consumer.preflight.asking import Asker
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.mailgun import Shown, of_domain
from consumer.tenants import MailgunSection

_MAY_BE_ELSEWHERE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


async def look(
    section: MailgunSection, asker: Asker, *, api_key: str, lookup_key: str, regions: Mapping[str, str]
) -> Sequence[Finding]:
    """Everything that keeps the institution's mail from being sent or looked up. `regions` are the roots by the region's name."""
    root, name = section.url or regions[section.region], quote(section.domain, safe="")
    sender, reader = {"Authorization": basic(api_key)}, {"Authorization": basic(lookup_key)}
    sending, domain, events = await asyncio.gather(
        asker.post_nothing(f"{root}/v3/{name}/messages", sender),
        asker.get(f"{root}/v4/domains/{name}", reader),
        asker.get(f"{root}/v3/{name}/events?limit=1", reader),
    )
    elsewhere: Answer | None = None
    if section.url is None and sending.status in _MAY_BE_ELSEWHERE:
        (other,) = (url for region, url in regions.items() if region != section.region)
        elsewhere = await asker.post_nothing(f"{other}/v3/{name}/messages", sender)
    return of_domain(Shown(sending, domain, events, elsewhere), section)
