"""`statuses` and `rules`: what students are given, and whether it can be."""

import re
from collections.abc import Iterator
from itertools import combinations

from consumer.configuration.document import Document, Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.events import Provider
from consumer.mail.address import is_address
from consumer.policy.condition import may_both_match
from consumer.tenants import Rule, Tenant, licence_provider, product_of

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GOOGLE_ID = re.compile(r"[0-9a-z]{10,30}")
"""A group's immutable id, which stands for its address everywhere (Directory API, `groupKey`)."""
_GOOGLE_LICENCE = re.compile(r"[0-9A-Za-z-]+/[0-9A-Za-z-]+")
_LICENCE_FORMS = "Microsoft's licences are SKU ids, Google's are `product/sku`"
_UNIT = re.compile(r"/|(?:/[^/\x00-\x1f\x7f]+)+")


def mistakes(reading: Reading[Tenant], tenant: Tenant) -> Iterator[Mistake]:
    """Each stops a step of the students whom the rule matches."""
    for number, rule in enumerate(tenant.rules):
        place = ("rules", number)
        yield from _providers(reading, tenant, rule, place)
        yield from _forms(reading, tenant, rule, place)
    if tenant.google:
        yield from _unit(reading, tenant.suspension.org_unit, ("suspension", "org_unit"))


def notices(tenant: Tenant, document: Document) -> Iterator[str]:
    """What is allowed, and hardly meant."""
    if not any(row.provider_action for row in tenant.statuses):
        where = f"{document.file}:{document.line(('statuses',))}"
        yield f"{where}: no status of `{tenant.id}` has a `provider_action`: nothing is done for any of its students."
    for number, rule in enumerate(tenant.rules):
        if not (rule.licences or rule.org_unit or rule.admin_unit or any(rule.groups.values())):
            yield f"{document.file}:{document.line(('rules', number))}: rule {number + 1} of `{tenant.id}` gives nothing."
    if tenant.google and tenant.google.create_org_units and not _names_units(tenant):
        where = f"{document.file}:{document.line(('google', 'create_org_units'))}"
        yield f"{where}: `{tenant.id}` lets organisational units be created, and names none in `rules` or `suspension`."
    yield from _of_one_product(tenant, document)


def _names_units(tenant: Tenant) -> bool:
    return any((tenant.suspension.org_unit, *(rule.org_unit for rule in tenant.rules)))


def _providers(reading: Reading[Tenant], tenant: Tenant, rule: Rule, place: Place) -> Iterator[Mistake]:
    for provider in rule.groups:
        if provider not in tenant.providers:
            wrong = f"gives groups at {provider}, which this tenant does not use"
            right = f"Add a `{provider}` section, or remove it."
            yield from reading.mistake((*place, "groups", provider.value), wrong, right, (provider.value,))
    for number, licence in enumerate(rule.licences):
        if (provider := licence_provider(licence)) not in tenant.providers:
            wrong = f"is for {provider}, which this tenant does not use"
            right = f"Add a `{provider}` section, or remove it: {_LICENCE_FORMS}."
            yield from reading.mistake((*place, "licences", number), wrong, right, (provider.value,))
    for key, given, provider in (
        ("admin_unit", rule.admin_unit, Provider.MICROSOFT),
        ("org_unit", rule.org_unit, Provider.GOOGLE),
    ):
        if given and provider not in tenant.providers:
            wrong = f"is for {provider}, which this tenant does not use"
            right = f"Add a `{provider}` section, or remove it."
            yield from reading.mistake((*place, key), wrong, right, (provider.value,))


def _forms(reading: Reading[Tenant], tenant: Tenant, rule: Rule, place: Place) -> Iterator[Mistake]:
    if tenant.microsoft:
        yield from _at_microsoft(reading, rule, place)
    if tenant.google:
        yield from _at_google(reading, rule, place)


def _at_microsoft(reading: Reading[Tenant], rule: Rule, place: Place) -> Iterator[Mistake]:
    for number, sku in enumerate(rule.licences):
        if licence_provider(sku) is Provider.MICROSOFT and not _GUID.fullmatch(sku):
            right = "Give the product's SKU id, a GUID, not its name: `GET /v1.0/subscribedSkus` lists both."
            yield from reading.mistake((*place, "licences", number), f"is `{sku[:100]}`, which is not a SKU id", right)
    for number, group in enumerate(rule.groups.get(Provider.MICROSOFT, ())):
        if not _GUID.fullmatch(group):
            right = "Give the group's object id, a GUID, as the Entra admin centre shows it."
            at = (*place, "groups", Provider.MICROSOFT.value, number)
            yield from reading.mistake(at, f"is `{group[:100]}`, which is not a group's object id", right)
    if rule.admin_unit is not None and not _GUID.fullmatch(rule.admin_unit):
        right = "Give the unit's object id, a GUID, as the Entra admin centre shows it, not its name."
        wrong = f"is `{rule.admin_unit[:100]}`, which is not an administrative unit's object id"
        yield from reading.mistake((*place, "admin_unit"), wrong, right)


def _at_google(reading: Reading[Tenant], rule: Rule, place: Place) -> Iterator[Mistake]:
    for number, group in enumerate(rule.groups.get(Provider.GOOGLE, ())):
        if not is_address(group) and not _GOOGLE_ID.fullmatch(group):
            right = "Give the group's address, such as `grade-7@north-high.example`."
            at = (*place, "groups", Provider.GOOGLE.value, number)
            yield from reading.mistake(at, f"is `{group[:100]}`, which is not a group's address", right)
    yield from _google_licences(reading, rule, place)
    yield from _unit(reading, rule.org_unit, (*place, "org_unit"))


def _unit(reading: Reading[Tenant], path: str | None, place: Place) -> Iterator[Mistake]:
    if path is not None and not _UNIT.fullmatch(path):
        right = "Give the whole path, such as `/Students/7`: it begins with `/` and does not end with one."
        yield from reading.mistake(place, f"is `{path[:100]}`, which is not a path", right)


def _google_licences(reading: Reading[Tenant], rule: Rule, place: Place) -> Iterator[Mistake]:
    products = dict[str, str]()
    for number, licence in enumerate(rule.licences):
        if licence_provider(licence) is not Provider.GOOGLE:
            continue
        at = (*place, "licences", number)
        if not _GOOGLE_LICENCE.fullmatch(licence):
            right = (
                'Give product and SKU as Google\'s page "Products and SKU IDs" lists them, such as `101031/1010310008`.'
            )
            yield from reading.mistake(at, f"is `{licence[:100]}`, which is not `product/sku`", right)
        elif (other := products.setdefault(product_of(licence), licence)) != licence:
            right = "Keep one of them: Google assigns one SKU of a product to a user."
            yield from reading.mistake(at, f"is of the same product as `{other}`", right)


def _of_one_product(tenant: Tenant, document: Document) -> Iterator[str]:
    """Rules that give a student several SKUs of a product where both match: Google refuses all but the first."""
    given = [(number, one) for number, rule in enumerate(tenant.rules) for one in rule.licences_at(Provider.GOOGLE)]
    for (first, one), (second, other) in combinations(given, 2):
        if first == second or one == other or product_of(one) != product_of(other):
            continue
        if may_both_match(tenant.rules[first].when, tenant.rules[second].when):
            where = f"{document.file}:{document.line(('rules', second, 'licences'))}"
            yield (
                f"{where}: rules {first + 1} and {second + 1} of `{tenant.id}` give `{one}` and `{other}` where both match: "
                "Google assigns one SKU of a product to a user, and refuses the second."
            )
