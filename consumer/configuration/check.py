"""`provisioner config check`: everything that can be known to be wrong before the service starts, all at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from consumer.configuration.document import Document, Place, dotted
from consumer.configuration.loading import load_settings, load_tenants
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.errors import Stop
from consumer.events import Provider
from consumer.kafka import forbidden_settings
from consumer.mail.template_check import check as check_template
from consumer.policy.patterns import pattern_errors
from consumer.secrets import opener
from consumer.settings import SecretRef, Settings
from consumer.tenants import Tenant


def check(service_file: Path, environ: Mapping[str, str], *, secrets: bool) -> Sequence[Mistake]:
    """Every mistake in the service's file, the tenants' files and their templates; none where all is well.

    `secrets`: also open every reference. Without it the check can run where the secrets are not, such as in a build.
    """
    mistakes: list[Mistake] = []
    try:
        settings = load_settings(service_file, environ)
    except Misconfigured as error:
        return error.mistakes
    document = Document.read(service_file)
    mistakes.extend(_service(settings, document))
    try:
        tenants = load_tenants(settings.tenants_dir)
    except Misconfigured as error:
        return sorted([*mistakes, *error.mistakes])
    for tenant, of_tenant in tenants:
        mistakes.extend(_tenant(tenant, of_tenant, settings.templates_dir))
    if secrets:
        parts: list[tuple[BaseModel, Document]] = [(settings, document), *tenants]
        mistakes.extend(mistake for model, file in parts for mistake in _secrets(model, file, environ))
    return sorted(set(mistakes))


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


def _tenant(tenant: Tenant, document: Document, templates: Path) -> Iterator[Mistake]:
    for number, pattern in enumerate(tenant.addresses.patterns):
        for wrong in pattern_errors(pattern):
            yield _at(document, ("addresses", "patterns", number), f"is wrong: {wrong}", "Correct the pattern.")
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


def references(value: object, place: Place = ()) -> Iterator[tuple[Place, SecretRef]]:
    """Every reference to a secret in a model, with its place."""
    if isinstance(value, SecretRef):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from references(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(cast("tuple[object, ...]", value)):
            yield from references(item, (*place, number))


def _at(document: Document, place: Place, wrong: str, right: str) -> Mistake:
    return Mistake(document.file, document.line(place), dotted(place), wrong, right)
