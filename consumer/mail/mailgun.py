"""Mail through Mailgun.

Credentials travel in some of these mails, so nothing is tracked (click tracking would lead links through Mailgun's host), TLS with a
verified certificate is demanded all the way, and nothing secret stands in variables, tags or the subject.
"""

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from consumer.http.answer import Answer
from consumer.http.client import Call, Http
from consumer.mail.address import recipient, sender
from consumer.mail.answers import fault_of_look_up, fault_of_send, tells_of
from consumer.mail.form import form_data
from consumer.mail.port import Mail
from consumer.pacing.quota import Quota, over
from consumer.tenants import MailgunSection

SERVICE = "mailgun"

_OPTIONS = {
    "o:tracking": "no",
    "o:tracking-clicks": "no",
    "o:tracking-opens": "no",
    "o:require-tls": "yes",
    "o:skip-verification": "no",
    "h:Auto-Submitted": "auto-generated",  # RFC 3834: no vacation notice answers it
    "h:X-Auto-Response-Suppress": "All",
}
_SLACK = 300.0  # seconds that the two clocks may differ


class MailgunMailer:
    """Keeps `Mailer` for one institution's sending domain."""

    def __init__(self, section: MailgunSection, *, http: Http, api_key: str, lookup_key: str) -> None:
        self._section = section
        self._http = http
        self._send_header = basic(api_key)
        self._lookup_header = basic(lookup_key)

    async def send(self, mail: Mail, *, timeout: float) -> None:
        form: Mapping[str, str | tuple[str, ...]] = {
            "from": sender(self._section.sender),
            "to": recipient(mail.recipient),
            "bcc": mail.copies,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "h:Message-Id": f"<{mail.message_id}>",
            **_OPTIONS,
        }
        answer = await self._call(
            "send", "POST", f"/v3/{self._section.domain}/messages", self._send_header, timeout, form=form
        )
        if fault := fault_of_send(answer, now=time.time()):
            raise fault

    async def was_accepted(self, message_id: str, *, since: float, timeout: float) -> bool:
        query = urlencode(
            {"message-id": message_id, "begin": f"{max(0.0, since - _SLACK):.0f}", "ascending": "yes", "limit": "300"}
        )
        path = f"/v3/{self._section.domain}/events?{query}"
        answer = await self._call("look_up", "GET", path, self._lookup_header, timeout)
        if fault := fault_of_look_up(answer, now=time.time()):
            raise fault
        return tells_of(answer, message_id)

    async def _call(
        self,
        operation: str,
        method: str,
        path: str,
        authorization: str,
        timeout: float,
        *,
        form: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Answer:
        headers = {"Authorization": authorization}
        content = None
        if form is not None:
            headers["Content-Type"], content = form_data(form)
        return await self._http.send(
            Call(
                SERVICE,
                operation,
                method,
                self._section.base_url + path,
                headers=headers,
                content=content,
                writes=form is not None,
            ),
            timeout=timeout,
        )


def open_mailer(
    section: MailgunSection,
    *,
    http: Callable[[Path | None], Http],
    open_secret: Callable[[str], str],
    quota: Quota | None = None,
) -> MailgunMailer:
    """The tenant's way to send mail. Raises `Stop` where a key can't be opened."""
    api_key = open_secret(section.api_key)
    lookup_key = open_secret(section.lookup_key) if section.lookup_key else api_key
    return MailgunMailer(section, http=over(http(section.ca_file), quota), api_key=api_key, lookup_key=lookup_key)


def basic(key: str) -> str:
    """The `Authorization` header for a key."""
    return "Basic " + b64encode(f"api:{key}".encode()).decode()
