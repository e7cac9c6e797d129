"""`mailgun`, `welcome_email` and `deletion.notice`: the sender, the office, and the templates."""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

from consumer.configuration.mistakes import Mistake, shown
from consumer.configuration.reading import Reading
from consumer.mail.address import is_address, parted
from consumer.mail.deletion_notice import DELETION_NOTICE
from consumer.mail.kind import Kind
from consumer.mail.template_check import TemplateCheck
from consumer.mail.welcome import WELCOME
from consumer.tenants import Tenant


def mistakes(reading: Reading[Tenant], tenant: Tenant, templates: TemplateCheck) -> Iterator[Mistake]:
    """Each prevents a mail, or has it dropped on the way."""
    yield from _sender(reading, tenant)
    yield from _office(reading, tenant)
    for mail in _mails(tenant):
        yield from _written(reading, tenant, mail, templates)


class _Mail(NamedTuple):
    """A mail that is sent: what it is, and the section of the tenant's file that says how."""

    kind: Kind
    name: str
    place: tuple[str, ...]
    template: str
    languages: Sequence[str]


def _mails(tenant: Tenant) -> Iterator[_Mail]:
    if (welcome := tenant.welcome_email).enabled:
        yield _Mail(WELCOME, "the welcome mail", ("welcome_email",), welcome.template, welcome.languages)
    if notice := tenant.deletion.notice:
        place = ("deletion", "notice")
        yield _Mail(DELETION_NOTICE, "the notice of a deletion", place, notice.template, notice.languages)


def _office(reading: Reading[Tenant], tenant: Tenant) -> Iterator[Mistake]:
    """Without a plain address the notice waits, and the account stays."""
    for number, address in enumerate(tenant.deletion.notice.office if tenant.deletion.notice else ()):
        place = ("deletion", "notice", "office", number)
        if reading.says(place) and not is_address(address):
            right = "Give one plain address, such as `office@north-high.example`."
            yield from reading.mistake(place, "is not a plain e-mail address", right)


def _written(reading: Reading[Tenant], tenant: Tenant, mail: _Mail, templates: TemplateCheck) -> Iterator[Mistake]:
    """Its templates, as far as the section can be read."""
    if not reading.says(mail.place) or not reading.says((*mail.place, "template")):
        return
    said = (reading.says((*mail.place, "languages", number)) for number in range(len(mail.languages)))
    languages = [*compress(mail.languages, said)]
    found = templates.mistakes(mail.kind, mail.template, languages)
    for mistake in found:
        yield Mistake(shown(mistake.file), mistake.line or 0, "", mistake.wrong.rstrip("."), _sentence(mistake.right))
    if not found and (language := templates.subject_too_long(mail.kind, mail.template, languages, tenant.name)):
        right = "Shorten the subject's template, or the name."
        yield from reading.mistake(("name",), f"makes the subject of {mail.name} too long in `{language}`", right)


def _sender(reading: Reading[Tenant], tenant: Tenant) -> Iterator[Mistake]:
    """Mailgun accepts any sender and signs for `domain`. Receivers compare the two (DMARC, RFC 7489 3.1.1: the same domain or one below or
    above it), and drop or hide mail that does not match (help.mailgun.com, "DMARC")."""
    if not tenant.mailgun:
        return
    place, domain = ("mailgun", "sender"), tenant.mailgun.domain
    address = parted(tenant.mailgun.sender)[1]
    if not is_address(address):
        right = "Give one plain address, such as `North High <accounts@mail.north-high.example>`."
        yield from reading.mistake(place, "is not a plain e-mail address", right)
        return
    other = address.rpartition("@")[2].lower()
    if not _are_aligned(other, domain):
        wrong = f"is in the domain `{other}`, but Mailgun sends and signs for `{domain}`: receivers treat such mail as forged"
        right = f"Give an address in `{domain}`, or in the domain above it."
        yield from reading.mistake(place, wrong, right, ("mailgun", "domain"))


def _are_aligned(one: str, other: str) -> bool:
    """Whether both are in one organisation's domain, as far as this can be known without the list of public suffixes."""
    shared = 0
    for mine, theirs in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared >= min(len(one.split(".")), len(other.split("."))) or shared > 2  # noqa: PLR2004  `school.co.uk` is not `other.co.uk`


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".?") + ("?" if text.endswith("?") else ".")
