"""What Mailgun's answers mean for a check."""

from typing import Any

import pytest

from consumer.http.answer import Answer
from consumer.preflight.judgement.mailgun import Shown, of_domain
from consumer.settings import SecretRef
from consumer.tenants import MailgunSection
from testbed.fakes.http import json_answer

SECTION = MailgunSection(domain="mail.school.example", sender="a@mail.school.example", api_key=SecretRef("env:KEY"))
WITH_LOOKUP = SECTION.model_copy(update={"lookup_key": SecretRef("env:LOOKUP")})
OTHER_ADDRESS = SECTION.model_copy(update={"url": "https://mail.example"})
MAY_SEND = json_answer(400, message="from parameter is missing")
FORBIDDEN = Answer(401, {}, b'"Forbidden"')
NOT_FOUND = json_answer(404, message="Domain not found: mail.school.example")
NOT_ALLOWED = json_answer(400, message="Domain mail.school.example is not allowed to send: the domain is unverified")
EVENTS = json_answer(items=[])


def domain(**properties: Any) -> Answer:
    return json_answer(domain={"state": "active", "type": "custom", "is_disabled": False, **properties})


@pytest.mark.parametrize(
    ("section", "shown", "place", "note"),
    [
        (SECTION, Shown(MAY_SEND, domain(), EVENTS), None, False),
        (SECTION, Shown(FORBIDDEN, FORBIDDEN, FORBIDDEN), "api_key", False),
        (SECTION, Shown(FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN), "api_key", False),
        (SECTION, Shown(FORBIDDEN, FORBIDDEN, FORBIDDEN, MAY_SEND), "region", False),
        (SECTION, Shown(NOT_FOUND, NOT_FOUND, NOT_FOUND, MAY_SEND), "region", False),
        (SECTION, Shown(NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND), "domain", False),
        (OTHER_ADDRESS, Shown(Answer(404), Answer(404), Answer(404)), "url", False),
        (OTHER_ADDRESS, Shown(Answer(0, {}, b"no route"), EVENTS, EVENTS), "url", False),
        (SECTION, Shown(Answer(0, {}, b"no route"), EVENTS, EVENTS), "region", False),
        (SECTION, Shown(json_answer(402), domain(), EVENTS), "domain", False),
        (SECTION, Shown(json_answer(429), domain(), EVENTS), "api_key", True),
        (SECTION, Shown(MAY_SEND, domain(state="unverified"), EVENTS), "domain", False),
        (SECTION, Shown(NOT_ALLOWED, domain(state="unverified"), EVENTS), "domain", False),
        (SECTION, Shown(MAY_SEND, domain(is_disabled=True), EVENTS), "domain", False),
        (SECTION, Shown(MAY_SEND, domain(type="sandbox"), EVENTS), "domain", False),
        (WITH_LOOKUP, Shown(NOT_ALLOWED, FORBIDDEN, EVENTS), "domain", False),
        (SECTION, Shown(MAY_SEND, FORBIDDEN, FORBIDDEN), "api_key", False),
        (WITH_LOOKUP, Shown(MAY_SEND, domain(), FORBIDDEN), "lookup_key", False),
        (WITH_LOOKUP, Shown(MAY_SEND, domain(), json_answer(503)), "domain", True),
    ],
)
def test_one_line_tells_what_keeps_mail_from_leaving_or_being_looked_up(
    section: MailgunSection, shown: Shown, place: str | None, *, note: bool
) -> None:
    found = of_domain(shown, section)
    assert [(one.place, one.note) for one in found] == ([(("mailgun", place), note)] if place else [])
