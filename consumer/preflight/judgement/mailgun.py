"""What Mailgun shows of one institution's sending domain. Pure.

Sources: Mailgun's OpenAPI (`GET /v4/domains/{name}`: state, type, is_disabled; `Forbidden` for keys), its help page on API keys (a domain
sending key may only post messages) and the reports named in `consumer.mail.answers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from consumer.configuration.document import Place
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.answers import UNREACHED, unchecked, unreachable
from consumer.tenants import MailgunSection

_DOMAIN: Place = ("mailgun", "domain")
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_OTHER_REGION = {"us": "eu", "eu": "us"}


@dataclass(frozen=True, slots=True)
class Shown:
    """Mailgun's answers. `sending`: to an empty form, by `api_key`; the others by the key that looks mails up.

    `elsewhere` is the answer to an empty form in the other region; None where that was not asked.
    """

    sending: Answer
    domain: Answer
    events: Answer
    elsewhere: Answer | None = None


def of_domain(shown: Shown, section: MailgunSection) -> Sequence[Finding]:
    """What keeps mail from being sent, and unclear sends from being looked up."""
    if shown.elsewhere is not None and shown.elsewhere.status == HTTPStatus.BAD_REQUEST:
        region = _OTHER_REGION[section.region]
        wrong = f"is `{section.region}`, but Mailgun keeps `{section.domain}` in `{region}`"
        return [Finding(("mailgun", "region"), wrong, f"Set it to `{region}`.")]
    if refusal := _refusal(shown.sending, section):
        return [refusal]
    return [*_state(shown), *_look_up(shown.events, section)]


def _refusal(sending: Answer, section: MailgunSection) -> Finding | None:
    """None where the form itself was refused: then the key may send."""
    if sending.status == UNREACHED:
        return unreachable(("mailgun", "url") if section.url else ("mailgun", "region"), sending)
    if sending.status in _REFUSED:
        right = "Give a sending key of this domain, or an API key of its account; a domain's key is valid in its own region only."
        return Finding(("mailgun", "api_key"), "may not send from `mailgun.domain`", right)
    if sending.status == HTTPStatus.NOT_FOUND:
        return _not_found(sending, section)
    if sending.status == HTTPStatus.PAYMENT_REQUIRED:
        wrong, right = (
            "belongs to a Mailgun account that requires payment",
            "See the account's plan and payments in Mailgun.",
        )
        return Finding(_DOMAIN, wrong, right)
    if sending.status not in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}:
        return unchecked(("mailgun", "api_key"), "whether it may send", sending)
    return None


def _not_found(sending: Answer, section: MailgunSection) -> Finding:
    if section.url and "domain" not in _message(sending):
        right = "Leave it out, unless mail is sent through a service that implements Mailgun's API."
        return Finding(("mailgun", "url"), "does not respond like Mailgun (HTTP 404)", right)
    right = "Add the domain in Mailgun, or correct it or `mailgun.region` here."
    return Finding(_DOMAIN, f"is not a domain of this Mailgun account in the region `{section.region}`", right)


def _state(shown: Shown) -> Sequence[Finding]:
    domain = _domain(shown.domain)
    if domain.get("is_disabled") is True or domain.get("state") == "disabled":
        right = "See the reason in Mailgun's control panel, or ask its support."
        return [Finding(_DOMAIN, "is disabled by Mailgun", right)]
    if domain.get("state") == "unverified":
        right = "Set the DNS records that Mailgun's control panel lists for the domain, and verify it there."
        return [Finding(_DOMAIN, "is not verified", right)]
    if domain.get("type") == "sandbox":
        right = "Add a domain of the institution's own in Mailgun, and use it."
        return [Finding(_DOMAIN, "is a sandbox, which sends to a few registered people only", right)]
    if "not allowed to send" in _message(shown.sending):
        return [
            Finding(
                _DOMAIN, "may not send", "See its state in Mailgun's control panel: it is not verified, or disabled."
            )
        ]
    return []


def _look_up(events: Answer, section: MailgunSection) -> Sequence[Finding]:
    if events.status == HTTPStatus.OK:
        return []
    if events.status not in _REFUSED:
        return [unchecked(_DOMAIN, "whether events can be read", events)]
    if section.lookup_key is None:
        right = "Set `mailgun.lookup_key` to a key that may read events: without it, a mail with an unknown outcome is never resolved."
        return [Finding(("mailgun", "api_key"), "may send, but not read events", right)]
    right = "Give an API key of the account that `mailgun.domain` belongs to."
    return [Finding(("mailgun", "lookup_key"), "may not read events of `mailgun.domain`", right)]


def _message(answer: Answer) -> str:
    return str(answer.json().get("message", "")).lower()


def _domain(answer: Answer) -> Mapping[str, Any]:
    domain: object = answer.json().get("domain") if answer.status == HTTPStatus.OK else None
    return cast("dict[str, Any]", domain) if isinstance(domain, dict) else {}
