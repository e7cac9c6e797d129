"""Where tenants overlap. A domain is shared only where both declare it; a directory may be shared, and is pointed out.

A shared directory is safe without a declaration: every account's marker holds its tenant, so neither takes the other's accounts. A domain
below another is not an overlap.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from consumer.configuration.document import Document, Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.tenants import OWN_CUSTOMER, Tenant

_Read = tuple[Tenant, Document]
_DOMAIN: Place = ("addresses", "domain")
_SHARED: Place = ("addresses", "shared_with")


def undeclared(tenants: Mapping[str, Reading[Tenant]], *, known: Collection[str]) -> Iterator[Mistake]:
    """A mistake for each tenant that does not declare with whom it shares its domain, or declares it wrongly.

    `known` are the ids of all tenants, also of those of whose files nothing can be read.
    """
    addresses = {ident: reading.model.addresses for ident, reading in tenants.items() if reading.model}
    domains = {ident: of_one.domain for ident, of_one in addresses.items() if tenants[ident].says(_DOMAIN)}
    users: defaultdict[str, list[str]] = defaultdict(list)
    for ident, domain in domains.items():
        users[domain].append(ident)
    for ident, of_one in addresses.items():
        reading = tenants[ident]
        for other in users[of_one.domain] if ident in domains else ():
            if other == ident or other in of_one.shared_with:
                continue
            wrong = f"is the domain of `{other}` too ({_where(tenants[other].document, _DOMAIN)})"
            right = f"If both should use it, name `{other}` in `addresses.shared_with` here, and `{ident}` there; else correct the domain."
            yield from reading.mistake(_DOMAIN, wrong, right, _SHARED)
        for number, named in enumerate(of_one.shared_with):
            if wrong := _untrue(ident, named, domains, known):
                yield from reading.mistake((*_SHARED, number), wrong, "Remove or correct it.")


def _untrue(ident: str, named: str, domains: Mapping[str, str], known: Collection[str]) -> str | None:
    if named == ident:
        return "names the tenant itself"
    if named not in known:
        return f"names `{named}`, and there is no such tenant"
    if named in domains and ident in domains and domains[named] != domains[ident]:
        return f"names `{named}`, whose domain is another"
    return None


def notices(tenants: Sequence[_Read]) -> Iterator[str]:
    """What is allowed and worth a look, such as after a file was copied: a sentence for each directory or domain that is shared."""
    shared: defaultdict[tuple[str, str], list[tuple[Tenant, Document, Place]]] = defaultdict(list)
    for tenant, document in tenants:
        for kind, key, place in _places(tenant):
            shared[kind, key].append((tenant, document, place))
    for (kind, _), sharing in shared.items():
        if len(sharing) > 1:
            names = " and ".join(f"`{tenant.id}` ({_where(document, place)})" for tenant, document, place in sharing)
            yield f"{names} share one {kind}."


def _places(tenant: Tenant) -> Iterator[tuple[str, str, Place]]:
    yield "domain", tenant.addresses.domain, _DOMAIN
    if tenant.microsoft:
        yield "Entra directory", tenant.microsoft.tenant_id.lower(), ("microsoft", "tenant_id")
    if tenant.google and tenant.google.customer_id != OWN_CUSTOMER:
        yield "Workspace customer", tenant.google.customer_id, ("google", "customer_id")
    elif tenant.google:
        # The administrator's own customer: a domain belongs to one customer only.
        domain = tenant.google.admin_subject.rpartition("@")[2].lower()
        yield "Workspace customer", f"of {domain}", ("google", "admin_subject")


def _where(document: Document, place: Place) -> str:
    return f"{document.file}:{document.line(place)}"
