"""`provisioner config check`: everything that can be known to be wrong before the service starts, all at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from consumer.configuration.document import Document, Place, dotted
from consumer.configuration.loading import load_settings, read_tenants
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.overlaps import notices, undeclared
from consumer.errors import Stop
from consumer.events import Provider
from consumer.http.client import tls_context
from consumer.kafka import forbidden_settings
from consumer.mail.address import is_address, parted
from consumer.mail.template_check import check as check_template
from consumer.policy.patterns import pattern_errors
from consumer.providers.factory import open_tokens
from consumer.secrets import opener
from consumer.settings import SecretRef, Settings
from consumer.tenants import MailgunSection, Tenant


@dataclass(frozen=True, slots=True)
class Findings:
    """Every mistake, by what it stops.

    Those in `service` stop the process. A tenant with `unusable` mistakes (in its file, its address patterns, its secrets, keys or
    certificates) is held by itself. `other` mistakes hold nobody, or a step of some students, such as a template's. `notices` are none.
    """

    service: Sequence[Mistake] = ()
    unusable: Mapping[str, Sequence[Mistake]] = field(default_factory=dict[str, Sequence[Mistake]])
    other: Sequence[Mistake] = ()
    notices: Sequence[str] = ()

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """All, in the order of files and lines."""
        return sorted({*self.service, *self.other, *(one for found in self.unusable.values() for one in found)})


def check(service_file: Path, environ: Mapping[str, str], *, secrets: bool) -> Sequence[Mistake]:
    """Every mistake in the service's file, the tenants' files and their templates; none where all is well. See `examine`."""
    return examine(service_file, environ, secrets=secrets).mistakes


def examine(service_file: Path, environ: Mapping[str, str], *, secrets: bool) -> Findings:
    """Looks at all files at once.

    `secrets`: also open every reference, and look at keys and certificates. Without it the check can run where these are not, such as
    in a build.
    """
    try:
        settings = load_settings(service_file, environ)
    except Misconfigured as error:
        return Findings(service=error.mistakes)
    document = Document.read(service_file)
    service = [*_service(settings, document), *(_secrets(settings, document, environ) if secrets else ())]
    try:
        files = read_tenants(settings.tenants_dir)
    except Misconfigured as error:
        return Findings(service=[*service, *error.mistakes])
    unusable = {ident: broken.mistakes for ident, broken in files.broken.items()}
    for tenant, of_tenant in files.loaded:
        wrong = [*_patterns(tenant, of_tenant), *(_access(tenant, of_tenant, environ) if secrets else ())]
        if wrong:
            unusable[tenant.id] = wrong
    known = {*files.broken, *(tenant.id for tenant, _ in files.loaded)}
    other = [*undeclared(files.loaded, known=known)]
    for tenant, of_tenant in files.loaded:
        other.extend((*_rules(tenant, of_tenant), *_sending(tenant, of_tenant, settings.templates_dir)))
    return Findings(service, unusable, other, [*notices(files.loaded)])


def _service(settings: Settings, document: Document) -> Iterator[Mistake]:
    for name, why in forbidden_settings(settings.kafka.librdkafka).items():
        yield _at(document, ("kafka", "librdkafka", name), f"would break a guarantee: {why}", "Remove it.")
    timing = settings.provisioning
    if timing.lease <= timing.call_timeout:
        wrong = f"is {timing.lease:g} s, not longer than one call may take ({timing.call_timeout:g} s)"
        yield _at(document, ("provisioning", "lease"), wrong, "Give at least twice `call_timeout`.")
    ids = [key.id for key in settings.vault]
    for number, ident in enumerate(ids):
        if ident in ids[:number]:
            yield _at(document, ("vault", number, "id"), f"is `{ident}` again", "Give every key an id of its own.")


def _patterns(tenant: Tenant, document: Document) -> Iterator[Mistake]:
    for number, pattern in enumerate(tenant.addresses.patterns):
        for wrong in pattern_errors(pattern):
            yield _at(document, ("addresses", "patterns", number), f"is wrong: {wrong}", "Correct the pattern.")


def _rules(tenant: Tenant, document: Document) -> Iterator[Mistake]:
    for number, rule in enumerate(tenant.rules):
        for provider in rule.groups:
            if provider not in tenant.providers:
                wrong = f"gives groups at {provider}, which this tenant does not use"
                yield _at(
                    document, ("rules", number, "groups", provider), wrong, f"Add a `{provider}` section, or remove it."
                )
        for key, given, provider in (
            ("licences", rule.licences, Provider.MICROSOFT),
            ("org_unit", rule.org_unit, Provider.GOOGLE),
        ):
            if given and provider not in tenant.providers:
                wrong = f"is for {provider}, which this tenant does not use"
                yield _at(document, ("rules", number, key), wrong, f"Add a `{provider}` section, or remove it.")


def _sending(tenant: Tenant, document: Document, templates: Path) -> Iterator[Mistake]:
    if tenant.mailgun and not is_address(parted(tenant.mailgun.sender)[1]):
        right = "Give one plain address, such as `North High <accounts@mail.north-high.example>`."
        yield _at(document, ("mailgun", "sender"), "holds no plain e-mail address", right)
    if tenant.welcome_email.enabled:
        for mistake in check_template(templates, tenant.welcome_email.template, tenant.welcome_email.languages):
            yield Mistake(shown(mistake.file), mistake.line or 0, "", mistake.wrong.rstrip("."), mistake.right)


def _secrets(model: BaseModel, document: Document, environ: Mapping[str, str]) -> Iterator[Mistake]:
    open_secret = opener(environ)
    for place, reference in references(model):
        try:
            open_secret(reference)
        except Stop as error:
            yield _at(document, place, str(error).rstrip("."), "Set it where the service runs.")


def _access(tenant: Tenant, document: Document, environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Secrets that cannot be opened, keys of the wrong form, certificates that cannot be read."""
    closed = list(_secrets(tenant, document, environ))
    yield from closed
    places = {mistake.place for mistake in closed}
    open_secret = opener(environ)
    for name, section in (("microsoft", tenant.microsoft), ("google", tenant.google), ("mailgun", tenant.mailgun)):
        if section is None:
            continue
        secret = "api_key" if isinstance(section, MailgunSection) else section.credential
        try:
            if section.ca_file:
                tls_context(section.ca_file)
        except Stop as error:
            right = "Give a file with certificates in PEM where the service runs."
            yield _at(document, (name, "ca_file"), str(error).rstrip("."), right)
        try:
            if not isinstance(section, MailgunSection) and f"{name}.{secret}" not in places:
                open_tokens(section, open_secret=open_secret)
        except Stop as error:
            yield _at(document, (name, secret), str(error).rstrip("."), "Give the key as the vendor hands it out.")


def references(value: object, place: Place = ()) -> Iterator[tuple[Place, SecretRef]]:
    """Every reference to a secret in a model, with its place."""
    if isinstance(value, SecretRef):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from references(getattr(value, name), (*place, name))
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield from references(item, (*place, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(cast("tuple[object, ...]", value)):
            yield from references(item, (*place, number))


def _at(document: Document, place: Place, wrong: str, right: str) -> Mistake:
    return Mistake(document.file, document.line(place), dotted(place), wrong, right)
